"""How far boxes overlap: as pycocotools says to the bit, and in 32 bits."""

import numpy as np
from pycocotools import mask

from resdet.evaluation.coco.overlaps import Boxes, overlaps, overlaps_of_32_bits


def random_boxes(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    boxes = np.hstack([rng.normal(0, 40, (300, 2)), rng.exponential(40, (300, 2))])
    boxes[::7] = boxes[::7].round()
    boxes[::11, 2:] = 0
    return boxes


def test_the_bits_are_those_of_pycocotools():
    a, b = random_boxes(0), random_boxes(1)
    crowd = np.arange(300) % 3 == 0
    theirs = mask.iou(a, b, crowd.astype(np.uint8))
    assert 0 < (theirs > 0).mean() < 1
    rows, objects = np.indices(theirs.shape).reshape(2, -1)
    ours = overlaps(Boxes.of(a).at(rows), Boxes.of(b).at(objects), crowd[objects])
    assert np.array_equal(ours, theirs.ravel())


def test_of_32_bits():
    boxes = np.array([[0.0, 0, 10, 10], [20, 20, 0, 0]])
    moved = np.array([[2.0, 0, 10, 10], [22, 20, 0, 0]])
    found = overlaps_of_32_bits(Boxes.of(boxes), Boxes.of(moved))
    assert found.dtype == np.float64
    assert found.tolist() == [np.float32(80) / np.float32(120), 0.0]


def test_columns():
    boxes = Boxes.of(np.array([[1.0, 2, 3, 4], [5, 6, 7, 8]]))
    assert boxes.corners.tolist() == [[1, 2, 4, 6], [5, 6, 12, 14]]
    assert boxes.at(np.array([1])).area.tolist() == [56]
