"""Scores over crops, scales and batches, each worked out by hand."""

import math
from fractions import Fraction

import numpy as np
import pytest
import torch
from torch import nn

from backbones.evaluation.crops import ten_crops
from backbones.evaluation.dense import FullyConvolutional
from backbones.evaluation.scores import evaluate_scores, group_views, mean_over_views
from backbones.features import Classifier, StageInfo


def red(rows):
    """An image whose red is `rows`."""
    image = np.zeros((*np.shape(rows), 3), np.uint8)
    image[..., 0] = rows
    return image


def to_input(images):
    return images.permute(0, 3, 1, 2).float()


def score(power):
    """Softmax of (power * ln 2, 0) at the first class."""
    return Fraction(2**power, 2**power + 1)


def top_left(x):
    """A linear network: the first logit is the top left red pixel times ln 2."""
    first = x[:, 0, 0, 0] * math.log(2)
    return torch.stack((first, torch.zeros_like(first)), 1)


class Shifting(Classifier):
    """Moves the image left by one pixel, sees its red channel only: a flip changes its mind."""

    classifier_names = ("fc",)

    def __init__(self):
        super().__init__({"only": nn.ZeroPad2d((-1, 1, 0, 0))}, {"only": StageInfo("only", 3, 1)})
        self.fc = nn.Linear(3, 2)
        nn.init.zeros_(self.fc.weight)
        nn.init.zeros_(self.fc.bias)
        self.fc.weight.data[0, 0] = math.log(2)


def test_ten_crops_give_the_mean_of_their_scores():
    rows = np.full((4, 6), 7)  # 2x2 crops; what no crop has at its top left counts for nothing
    corners = {(0, 0): 0, (0, 4): 1, (2, 0): 2, (2, 4): 3, (1, 2): 4}
    flipped = {(0, 1): 1, (0, 5): 2, (2, 1): 3, (2, 5): 0, (1, 3): 5}
    for place, value in (corners | flipped).items():
        rows[place] = value
    views = ten_crops(red(rows), size=2, shorter_side=4)
    assert [x.shape for x in views] == [(10, 2, 2, 3)]
    for pixels_at_once in (1, 12, 1000):
        found = mean_over_views(
            top_left, group_views([views]), to_input, pixels_at_once=pixels_at_once
        )
        expected = sum(score(p) for p in (*corners.values(), *flipped.values())) / 10
        assert found[0].tolist() == pytest.approx([float(expected), float(1 - expected)], abs=1e-7)


def test_scales_and_flips_give_the_mean_of_their_scores():
    """The window is 2x2. Places of columns (8, 0, 0): 4, 0; flipped (8, 4, 0): 6, 2."""
    dense = FullyConvolutional(Shifting(), 2)
    small = red([[4, 8, 0], [4, 8, 0]])
    large = red(np.full((3, 3), 4))  # columns (4, 4, 0), flipped too: places 4, 2
    views = tuple(np.stack((x, x[:, ::-1])) for x in (small, large))
    dark = tuple(np.zeros((2, n, n, 3), np.uint8) for n in (2, 3))
    found = mean_over_views(dense, group_views([views, dark]), to_input, pixels_at_once=1000)
    expected = (score(2) + score(4) + score(3) + score(3)) / 4
    assert found[:, 0].tolist() == pytest.approx([float(expected), 0.5], abs=1e-7)


def test_errors_of_batches_in_order():
    batches = [torch.eye(6)[:4], torch.eye(6)[4:]]
    labels = torch.tensor([0, 1, 2, 0, 4, 4])  # 0 is second for image 3; 4 the last for image 5
    errors = evaluate_scores(iter(batches), labels)
    assert errors == pytest.approx({"top1_error": 100 / 3, "top5_error": 100 / 6})
