"""The pipelines that the input is compared with: views of one size, normalised."""

import random

import cv2
import numpy as np
import pytest
import torch

from backbones.benchmarks import input_peers


@pytest.mark.parametrize("crop", ["scale", "area"])
@pytest.mark.parametrize("library", ["torchvision", "albumentations"])
def test_a_view_has_the_size_and_the_pixels_of_the_image(tmp_path, library, crop):
    pytest.importorskip(library)
    random.seed(0)
    torch.manual_seed(0)
    path = tmp_path / "green.png"
    cv2.imwrite(str(path), np.full((300, 400, 3), (0, 255, 0), np.uint8))
    view = getattr(input_peers, f"{library}_views")(crop)(str(path))
    assert view.shape == (3, 224, 224)
    green = [(x - mean) / std for x, mean, std in zip((0, 1, 0), input_peers.MEAN, input_peers.STD)]
    assert view.mean((1, 2)).tolist() == pytest.approx(green, abs=0.5)  # lighting moves them
    if crop == "area":
        assert view.mean((1, 2)).tolist() == pytest.approx(green, abs=1e-4)
