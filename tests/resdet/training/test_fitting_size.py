"""Which size of images suits objects, and what it says to a config."""

from pathlib import Path

import numpy as np
import pytest

from resdet import config
from resdet.structures.records import GroundTruth, ImageRecord
from resdet.training.fitting_size import (
    fitting_size,
    in_the_time,
    out_of_reach,
    size_pairs,
    size_told,
)


def records(*sides: float, height: int = 480):
    """An image with one object of each side, each of its own class."""
    boxes = np.array([[9, 9, 9 + side, 9 + side] for side in sides], float)
    truth = GroundTruth(boxes, np.arange(len(sides)))
    return [ImageRecord("a", Path("a.jpg"), height, 640, truth)]


def size(*sides: float, shrink: bool = True, height: int = 480):
    return fitting_size(config.load("own_r18"), records(*sides, height=height), shrink=shrink)


@pytest.mark.parametrize(
    ("side", "expected"),
    [(4, 480), (14, 416), (18, 320), (25.5, 320), (30, 288), (33, 256), (60, 224), (400, 224)],
)
def test_objects_say_the_size(side, expected):
    assert size(side) == expected


def test_the_class_of_the_smallest_objects_decides():
    assert size(400, 300) == 224
    assert size(400, 33) == 256
    assert size(400, 14) == 416


def test_images_shrink_where_that_is_asked():
    assert size(400, shrink=False) == 320
    assert size(14, shrink=False) == 416


def test_images_are_not_blown_up():
    assert size(4, height=330) == 352  # the next step above their own
    assert size(4, height=200) == 320


def test_without_objects_the_size_stays():
    none = [ImageRecord("a", Path("a.jpg"), 480, 640, None)]
    assert fitting_size(config.load("own_r18"), none, shrink=True) == 320
    assert fitting_size(config.load("own_r18"), [], shrink=True) == 320


def test_a_size_keeps_the_shape_of_images():
    assert size_pairs(config.load("own_r18"), 416) == {
        "INPUT.MIN_SIZE_TRAIN": [416],
        "INPUT.MAX_SIZE_TRAIN": 624,
        "INPUT.MIN_SIZE_TEST": 416,
        "INPUT.MAX_SIZE_TEST": 624,
    }
    assert size_pairs(config.load("own_r18"), 320) == {}


def test_another_size_is_told_with_its_cost_and_the_way_back():
    cfg = config.load("own_r18")
    assert size_told(cfg, 320, 900) == []
    assert size_told(cfg, 416, 900) == [
        "images   shorter side 416 instead of 320 pixels: small objects; an iteration takes about "
        "1.7 times as long"
    ]
    (alone,) = size_told(cfg, 224, 900)  # the user said how many iterations
    assert alone.endswith("enough for objects as large (--imgsz 320 undoes it)")
    assert "; so 1448 iterations instead of 900, in about " in size_told(cfg, 224, 1448)[0]


def test_smaller_images_leave_time_for_more_iterations():
    assert in_the_time(0.5) == pytest.approx(2.52, abs=0.01)
    assert in_the_time(1.0) == in_the_time(1.3) == 1.0


def test_a_shorter_side_above_the_longer_is_told():
    assert out_of_reach(config.load("own_r18")) == []
    assert out_of_reach(config.load("own_r18", ["INPUT.MIN_SIZE_TRAIN", "(320, 640)"])) == []
    assert out_of_reach(config.load("own_r18", ["INPUT.MIN_SIZE_TRAIN", "(481, 640)"])) == [
        "INPUT.MIN_SIZE_TRAIN 481 is never reached, INPUT.MAX_SIZE_TRAIN is 480; "
        "--imgsz 481 sets both, in training and in tests"
    ]
    test = ["INPUT.MIN_SIZE_TEST", "640", "INPUT.MAX_SIZE_TEST", "600"]
    assert out_of_reach(config.load("own_r18", test))[0].startswith("INPUT.MIN_SIZE_TEST 640 is")
