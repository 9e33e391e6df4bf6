"""Crops of test images, and a network on one of each."""

import numpy as np
import torch
from torch import nn

from backbones.evaluation.crops import evaluate_one_crop, single_crop, ten_crops


def to_input(images):
    return images.permute(0, 3, 1, 2).float()


def test_a_single_crop_is_the_centre():
    image = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    (single,) = single_crop(image, size=2, shorter_side=4)
    assert (single == image[None, 1:3, 2:4]).all()


def test_ten_crops_are_corners_and_centre_and_the_same_flipped():
    image = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    (crops,) = ten_crops(image, size=2, shorter_side=4)
    places = [(0, 0), (0, 4), (2, 0), (2, 4), (1, 2)]
    expected = [image[top : top + 2, left : left + 2] for top, left in places]
    assert np.array_equal(crops, [*expected, *(crop[:, ::-1] for crop in expected)])


def test_one_crop_of_batches():
    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.9), nn.Linear(3, 3, bias=False))
    model[2].weight.data = torch.eye(3)
    images = torch.zeros(4, 1, 1, 3, dtype=torch.uint8)
    images[range(4), 0, 0, [0, 1, 2, 2]] = 1
    batches = [(images[:3], torch.tensor([0, 1, 1])), (images[3:], torch.tensor([2]))]
    assert evaluate_one_crop(model, batches, to_input)["top1_error"] == 25
