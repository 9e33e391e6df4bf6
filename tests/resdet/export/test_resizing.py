"""The graph's resizing is OpenCV's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch

from resdet.data import transforms
from resdet.export.resizing import resize, target_size


@pytest.mark.parametrize(("size", "max_size"), [(800, 1333), (320, 533), (600, 500), (7, 9)])
def test_sides_are_ours_to_the_last_bit(size: int, max_size: int) -> None:
    rng = np.random.default_rng(size)
    sides = [(1, 1), (1, 4000), (4000, 1), (size, size), (480, 640), (513, 384), (64, 333)]
    sides += [(int(a), int(b)) for a, b in rng.integers(1, 2000, (200, 2))]
    for height, width in sides:
        expected = transforms.target_size(height, width, size, max_size)
        assert target_size(height, width, size, max_size) == expected, (height, width)


def pictures() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (9, 13, 3), np.uint8)
    smooth = cv2.resize(coarse, (210, 141), interpolation=cv2.INTER_CUBIC)
    return {
        "noise": rng.integers(0, 256, (54, 78, 3), np.uint8),
        "smooth": smooth,
        "a row": smooth[:1],
        "a pixel": smooth[:1, :1],
        "white": np.full((31, 47, 3), 255, np.uint8),
    }


@pytest.mark.parametrize("factor", [2.5, 2, 1.3, 1, 0.9, 0.7, 0.5, 1 / 3, 0.25])
@pytest.mark.parametrize("name", pictures())
def test_pixels_are_opencvs(name: str, factor: float) -> None:
    image = pictures()[name]
    height, width = (max(int(side * factor + 0.5), 1) for side in image.shape[:2])
    way = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    expected = cv2.resize(image, (width, height), interpolation=way)
    both = torch.from_numpy(np.stack([image, image[::-1]]))
    found = resize(both, height, width).permute(0, 2, 3, 1).numpy()
    assert found.shape == (2, height, width, 3)
    difference = np.abs(found[0] - expected)
    # where a mean ends in .5, OpenCV's order of additions decides
    assert difference.max() <= 1
    assert (difference > 0).sum() <= max(0.001 * difference.size, 3)
