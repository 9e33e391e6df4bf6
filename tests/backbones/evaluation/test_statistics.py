"""Batch-norm statistics taken anew, of which images in which views."""

import cv2
import numpy as np
import pytest
import torch
from torch import nn

from backbones.evaluation.networks import LoadedNetwork
from backbones.evaluation.statistics import recompute, training_views
from backbones.weights.checkpoint import Preprocessing

RECIPE = {"SIZE": 24, "CROP": "pad", "PADDING": 4, "MIN_SIZE_TRAIN": [32, 40], "MIN_SIZE_TEST": 36}
RECIPE |= {"RANDOM_FLIP": "none", "COLOR_AUGMENTATION": "none", "TRIVIAL_AUGMENT": False}
RECIPE |= {"RANDOM_ERASING": 0.25}


def network(recipe):
    model = nn.BatchNorm2d(3).eval()
    seen = Preprocessing("RGB", 1.0, (0.0,) * 3, (1.0,) * 3)
    return LoadedNetwork("a.pth", "h", model, seen, recipe, 8, 10)


def test_views_are_those_of_the_recipe_or_of_the_test():
    views = training_views(network({"INPUT": RECIPE}))
    assert (views.size, views.crop, views.padding, views.erasing) == (24, "pad", 4, 0.25)
    plain = training_views(network({}))
    assert (plain.size, plain.crop, plain.shorter_side_train, plain.flip) == (
        *(8, "scale"),
        *((10, 10), True),
    )


def test_statistics_are_those_of_the_train_images(tmp_path):
    for number, value in enumerate((10, 20, 60)):
        (tmp_path / "train" / "a").mkdir(parents=True, exist_ok=True)
        image = np.full((12, 12, 3), value, np.uint8)
        cv2.imwrite(str(tmp_path / "train" / "a" / f"{number}.png"), image)
    tested, batches = network({}), []

    def normalize(images):
        batches.append(images.shape)
        return images.permute(0, 3, 1, 2).float()

    recompute(tested, tmp_path, normalize, num_batches=2, batch_size=3)
    assert batches == [(3, 8, 8, 3)] * 2
    assert torch.allclose(tested.model.running_mean, torch.tensor(30.0))
    assert not tested.model.training
    with pytest.raises(ValueError, match="must hold train/<class>/"):
        recompute(tested, tmp_path / "train", normalize, num_batches=1, batch_size=1)
