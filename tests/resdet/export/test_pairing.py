"""What counts as the same detection."""

from __future__ import annotations

import numpy as np

from resdet.export.pairing import compare, larger_pixels, untied
from resdet.structures.records import Detections

BOXES = np.array([[0, 0, 10, 10], [20, 20, 50, 60], [20, 20, 50, 60]], np.float32)


def found(boxes=BOXES, labels=(0, 0, 1), scores=(0.9, 0.8, 0.3)) -> Detections:  # type: ignore[no-untyped-def]
    return Detections(
        0, np.asarray(boxes, np.float32), np.array(labels), np.array(scores, np.float32)
    )


def test_order_does_not_matter() -> None:
    turned = [1, 2, 0]
    other = found(BOXES[turned], (0, 1, 0), (0.8, 0.3, 0.9))
    assert compare(found(), other, 0.05, 100) == (3, 0.0, 0.0, 0, 0)


def test_largest_differences_are_told() -> None:
    moved = BOXES + np.array([[0, 0, 0, 0.004], [0.02, 0, 0, 0], [0, 0, 0, 0]], np.float32)
    difference = compare(found(), found(moved, scores=(0.9, 0.7, 0.3)), 0.05, 100)
    assert difference.pairs == 3
    assert np.isclose(difference.box, 0.02, atol=1e-5)
    assert np.isclose(difference.score, 0.1)
    assert not difference.small


def test_rounding_counts_in_the_pixels_that_the_network_gets() -> None:
    moved = found(BOXES + np.array([0.2, 0.008, 0, 0], np.float32))
    pixels = larger_pixels((1, 4000, 3), (1, 140, 3))
    assert np.allclose(pixels, [4000 / 140, 1, 4000 / 140, 1])
    difference = compare(found(), moved, 0.05, 100, pixels)
    assert difference.small
    assert np.isclose(difference.box, 0.008, atol=1e-6)
    assert compare(found(), moved, 0.05, 100).alone == 6
    # of what is enlarged the image's own
    assert compare(found(), moved, 0.05, 100, larger_pixels((10, 10), (80, 80))).alone == 6


def test_another_class_is_no_pair() -> None:
    difference = compare(found(), found(labels=(0, 1, 1)), 0.05, 100)
    assert (difference.pairs, difference.alone) == (2, 2)
    assert not difference.small


def test_one_missing_is_alone_unless_at_the_limit() -> None:
    fewer = found(BOXES[:2], (0, 0), (0.9, 0.8))
    assert compare(found(), fewer, 0.05, 100).alone == 1
    assert compare(found(), fewer, 0.2995, 100) == (2, 0.0, 0.0, 0, 1)
    assert compare(found(), fewer, 0.2995, 100).small
    # an image that is full tells scores down to its lowest
    assert (
        compare(found(), found(BOXES[[0, 1, 0]], (0, 0, 1), (0.9, 0.8, 0.3)), 0.05, 3).at_limit == 2
    )


def test_none_in_either() -> None:
    none = found(np.zeros((0, 4)), (), ())
    assert compare(none, none, 0.05, 100) == (0, 0.0, 0.0, 0, 0)
    assert compare(none, found(), 0.05, 100).alone == 3


def test_boxes_of_one_score_may_come_in_either_order() -> None:
    near = BOXES[1] + np.array([1, 0, 0, 0], np.float32)
    ours, theirs = found(), found([BOXES[0], near, BOXES[2]])
    assert not compare(ours, theirs, 0.05, 100).small
    known = found([*BOXES, near], (0, 0, 1, 0), (0.9, 0.8, 0.3, 0.80001))
    assert compare(ours, untied(ours, theirs, known, 0.5), 0.05, 100).small
    unlike = {
        "no such box": found(),
        "of another class": found([*BOXES, near], (0, 0, 1, 1), (0.9, 0.8, 0.3, 0.80001)),
        "of another score": found([*BOXES, near], (0, 0, 1, 0), (0.9, 0.8, 0.3, 0.79)),
    }
    for name, known in unlike.items():
        assert not compare(ours, untied(ours, theirs, known, 0.5), 0.05, 100).small, name
    known = found([*BOXES, near], (0, 0, 1, 0), (0.9, 0.8, 0.3, 0.80001))
    assert not compare(ours, untied(ours, theirs, known, 0.99), 0.05, 100).small
