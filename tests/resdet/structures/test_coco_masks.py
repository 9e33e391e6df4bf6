"""The box around polygons and masks, as pycocotools has it."""

import numpy as np
import pytest
from pycocotools import mask

from resdet.structures.coco_masks import box_around


def test_polygons_of_one_part_or_several():
    assert box_around([[10, 10, 50, 10, 50, 40, 10, 40]]) == [10, 10, 40, 30]
    assert box_around([[1, 2, 3, 4, 5, 2], [7.5, 1, 9, 1, 8, 20]]) == [1, 1, 8, 19]
    assert box_around([10, 10, 50, 10, 50, 40]) == [10, 10, 40, 30]


@pytest.mark.parametrize("seed", range(20))
def test_masks_packed_and_plain(seed):
    rng = np.random.default_rng(seed)
    height, width = rng.integers(1, 30, 2)
    pixels = (rng.random((height, width)) < rng.choice([0.02, 0.5, 1])).astype(np.uint8)
    if not pixels.any():
        pixels[-1, 0] = 1
    packed = mask.encode(np.asfortranarray(pixels))
    right = mask.toBbox(packed).tolist()
    flat = pixels.flatten(order="F")
    changes = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *changes, len(flat)]).tolist()
    plain = {"size": [int(height), int(width)], "counts": [0, *runs] if flat[0] else runs}
    assert box_around(plain) == right
    assert box_around({**packed, "counts": packed["counts"].decode()}) == right


@pytest.mark.parametrize(
    "segmentation",
    [
        *(None, [], [[]], [[1, 2, 3]], [["a", 2]], 5, {"size": [2, 2]}),
        {"size": [2, 2], "counts": [4]},
        {"size": [2, 2], "counts": [1, 9]},
        {"size": [2, 2], "counts": [1, -1]},
        [[float("nan"), 1, 2, 3]],
    ],
)
def test_what_draws_nothing(segmentation):
    assert box_around(segmentation) is None
