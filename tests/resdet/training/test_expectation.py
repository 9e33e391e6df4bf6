"""What is said of few images, and that it was measured."""

import json
from pathlib import Path

import pytest

from resdet.training.expectation import FEW, REACHED, expectation

MEASURED = Path(__file__).parents[3] / "configs" / "detection" / "own_r18.json"


def test_few_images_of_a_class_are_told():
    (line,) = expectation(131, 1)
    assert line.startswith("random weights and 131 images of 1 class: so few gave a mAP@.5 of 0.9 for ")
    assert "0.6 for kangaroos (130 images)" in line
    assert expectation(3000, 4)[0].startswith("random weights and 3000 images of 4 classes: ")
    assert expectation(4 * FEW, 4) == []


def test_what_is_told_was_measured():
    reached = json.loads(MEASURED.read_text())["recipe"]
    for name, (images, score) in zip(("bccd", "kangaroo"), REACHED.values()):
        runs = reached[name]
        assert {run["images"] for run in runs} == {images}
        mean = sum(run["mAP"]["area"] for run in runs) / len(runs)
        assert mean == pytest.approx(score, abs=0.05)
