"""What is said of few images, and that it was measured."""

import json
from pathlib import Path

import pytest

from resdet.training.expectation import FEW, REACHED, expectation

MEASURED = Path(__file__).parents[3] / "configs" / "detection" / "own_r18.json"


def test_few_images_of_a_class_are_told():
    (line,) = expectation(131, 1)
    assert line.startswith("few images (131, 1 class) for random weights: mAP@.5 of kangaroos 62 ")
    assert "--init-from FILE" in line
    assert expectation(3000, 4)[0].startswith("few images (3000, 4 classes) ")
    assert expectation(4 * FEW, 4) == []
    assert expectation(1, 1)[0].startswith("only 1 image for random weights: expect little; ")


def test_what_is_told_was_measured():
    reached = json.loads(MEASURED.read_text())["recipe"]
    for name, (images, score) in zip(("kangaroo", "bccd"), REACHED.values()):
        runs = reached[name]
        assert {run["images"] for run in runs} == {images}
        mean = 100 * sum(run["mAP"]["area"] for run in runs) / len(runs)
        assert mean == pytest.approx(score, abs=0.5)
