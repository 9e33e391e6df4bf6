"""The graph's resizing is OpenCV's."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from resdet.data import transforms
from resdet.export import resizing
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


def test_weights_are_those_that_opencv_rounds_in_float32() -> None:
    rng = np.random.default_rng(1)
    for new in [1, 2, 3, 800, 1333, *rng.integers(2, 2000, 40)]:
        for old in {1, int(new), int(rng.integers(1, new + 1)), int(new) * 3 // 5 or 1}:
            place = np.float32((np.arange(new) + 0.5) * (old / float(new)) - 0.5)
            part = place - np.floor(place)
            (left, upper), (right, lower) = resizing._taps(old, int(new))
            inside = (left != right).numpy()  # before the first and behind the last both are one
            np.testing.assert_array_equal(lower[inside], np.rint(part * 2048)[inside])
            assert (upper + lower == 2048).all()


class ByInverse(TorchDispatchMode):
    """Divides floats as OpenVINO does."""

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        if func is torch.ops.aten.div.Tensor and args[0].is_floating_point():
            return args[0] * (1 / torch.as_tensor(args[1], dtype=args[0].dtype))
        return func(*args, **(kwargs or {}))


@pytest.mark.parametrize(("height", "width"), [(555, 1333), (800, 1067), (220, 512), (90, 60)])
def test_pixels_are_the_same_where_a_division_is_rounded_otherwise(height: int, width: int) -> None:
    image = torch.from_numpy(np.random.default_rng(2).integers(0, 256, (1, 300, 720, 3), np.uint8))
    expected = resize(image, height, width)
    with ByInverse():
        assert torch.equal(resize(image, height, width), expected)
