"""Anchors: overlaps worked by hand, and sizes that follow the objects."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from resdet.data.anchors import MATCHED, Anchors, best_overlaps, boxes_at, fit
from resdet.structures.records import GroundTruth, ImageRecord

SQUARE = Anchors((8,), ((32,),), ((1.0,),))


def test_an_object_is_held_against_the_place_of_the_grid():
    on_grid = np.array([[0.0, 0, 32, 32]])  # its middle is 16, 16
    between = on_grid + 4  # half a stride off on both axes
    assert best_overlaps(on_grid, SQUARE) == pytest.approx([1.0])
    inner = 28.0 * 28
    assert best_overlaps(between, SQUARE) == pytest.approx([inner / (2 * 32 * 32 - inner)])


def test_the_best_of_sizes_and_ratios_counts():
    anchors = Anchors((4, 8), ((16,), (32,)), ((0.25, 1.0), (0.25, 1.0)))
    wide = np.array([[0.0, 0, 64, 16]])  # 32 at a ratio of a quarter
    assert best_overlaps(wide, anchors) == pytest.approx([1.0])
    assert best_overlaps(wide, SQUARE) == pytest.approx([512 / (1024 + 1024 - 512)])
    assert best_overlaps(np.zeros((0, 4)), anchors).shape == (0,)


def record(boxes, height=240, width=480, **flags):
    truth = GroundTruth(np.array(boxes, np.float64), np.zeros(len(boxes), np.int64), **flags)
    return ImageRecord("a", Path("a.jpg"), height, width, truth)


def test_boxes_are_those_of_resized_images_that_are_learnt():
    boxes = [[0, 0, 24, 12], [5, 5, 9, 9], [7, 7, 7, 9]]
    one = record(boxes, difficult=np.array([False, True, False]))
    easy = partial(boxes_at, difficult=False)
    assert easy([one], 480, 2000)[0].tolist() == [[0, 0, 48, 24]]
    assert easy([one], 480, 480)[0].tolist() == [[0, 0, 24, 12]]  # the longer side bounds it
    assert len(boxes_at([one], 480, 480, difficult=True)[0]) == 2
    unknown = ImageRecord("b", Path("b.jpg"), 10, 10, None)
    assert easy([unknown, record([])], 480, 480)[0].shape == (0, 4)


def test_sizes_and_ratios_follow_the_objects_and_rise():
    rng = np.random.default_rng(0)
    start = Anchors((8, 16, 32), ((16,), (32,), (64,)), ((0.5, 1.0, 2.0),) * 3)
    sides = np.exp(rng.normal(np.log(150), 0.3, 300))[:, None] * [[1.0, 2.0]]  # tall and large
    corners = rng.uniform(0, 300, (300, 2))
    boxes = np.concatenate([corners, corners + sides], axis=1)
    found = fit(boxes, start)
    before, after = (np.mean(best_overlaps(boxes, a) < MATCHED) for a in (start, found))
    assert before > 0.9
    assert after < 0.05
    assert found.strides == start.strides
    assert found.rises()
    assert all(1.5 < ratio < 2.5 for ratio in found.ratios[0])
    assert fit(boxes, start) == found  # chosen by the data alone
    assert fit(boxes[:0], start) == start


def test_few_small_objects_are_not_given_up_for_many_large_ones():
    rng = np.random.default_rng(1)
    sides = np.concatenate([np.full(950, 80.0), np.full(50, 20.0)])[:, None]
    corners = rng.uniform(0, 300, (1000, 2))
    boxes = np.concatenate([corners, corners + sides], axis=1)
    start = Anchors((8, 16), ((32,), (64,)), ((1.0,),) * 2)
    overlaps = best_overlaps(boxes, fit(boxes, start))
    assert np.mean(overlaps[:950] < MATCHED) < 0.05
    assert np.mean(overlaps[950:] < MATCHED) < 0.2
