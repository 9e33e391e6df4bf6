"""What a test says."""

import torch

from backbones.evaluation.protocol import Outcome, Protocol
from backbones.evaluation.report import describe, to_result

METRICS = {"top1_error": 12.345, "top5_error": 1.0}
OUTCOME = Outcome(METRICS, 40, 7.25, ({"model": "a", "size": 8}, {"model": "b"}), ("a note",))


def test_a_result_names_the_network_its_ensemble_and_the_conditions():
    result = to_result(OUTCOME, Protocol("10crop", precise_bn=3), torch.device("cpu"))
    assert {"hardware", "versions"} <= set(result)
    del result["hardware"], result["versions"]
    assert result == {
        **METRICS,
        "num_images": 40,
        "test": "10crop",
        "model": "a",
        "size": 8,
        "ensemble": [{"model": "b"}],
        "precise_bn": 3,
        "images_per_second": 7.25,
    }


def test_a_line_of_text():
    expected = "top-1 error 12.35 %  top-5 error 1.00 %  40 images at 7.2 images/s"
    assert describe(OUTCOME) == expected
