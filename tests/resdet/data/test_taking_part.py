"""Objects that training leaves out, by reason and class."""

from pathlib import Path

import numpy as np
import pytest

from resdet.data.taking_part import (
    REASONS,
    nothing_to_learn,
    objects_to_learn,
    reasons,
    tally,
    tally_of,
)
from resdet.structures.records import GroundTruth, ImageRecord

GOOD = [2, 3, 30, 30]


def truth(*boxes, labels=None, **flags):
    rows = np.array(boxes, np.float64).reshape(-1, 4)
    return GroundTruth(rows, np.array(labels or [0] * len(rows)), **flags)


def why(one, height=40, width=60, difficult=False):
    return [(*REASONS, "")[at] for at in reasons(one, height, width, difficult)]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        (GOOD, ""),
        ([0, 0, 60, 40], ""),
        ([-5, 3, 30, 45], ""),  # clipped
        ([20, 5, 10, 15], "corners swapped"),
        ([5, 5, 5, 15], "at most a pixel thin"),
        ([5, 5, 6, 15], "at most a pixel thin"),
        ([5, 5, 6.1, 15], ""),
        ([60, 5, 70, 15], "outside the image"),
        ([59.5, 5, 70, 15], "outside the image"),  # but for half a pixel
        ([5, -9, 15, 0], "outside the image"),
    ],
)
def test_a_box_takes_part_where_more_than_a_pixel_of_it_is_inside(box, expected):
    assert why(truth(box)) == [expected]


def test_where_the_size_is_not_known_nothing_is_outside():
    assert why(truth([600, 5, 700, 15]), np.inf, np.inf) == [""]


def test_crowds_and_unless_they_are_asked_for_difficult_objects_take_no_part():
    one = truth(GOOD, GOOD, GOOD, crowd=[1, 0, 0], difficult=[1, 1, 0])
    assert why(one) == ["crowd", "difficult", ""]
    assert why(one, difficult=True) == ["crowd", "", ""]


def test_what_takes_part_is_clipped():
    one = truth([-5, 3, 30, 45], [5, 5, 5, 9], labels=[1, 0])
    boxes, labels = objects_to_learn(ImageRecord("a", Path("a"), 40, 60, one), difficult=False)
    assert (boxes.tolist(), labels.tolist()) == ([[0, 3, 30, 40]], [1])
    boxes, labels = objects_to_learn(ImageRecord("a", Path("a"), 40, 60), difficult=False)
    assert (boxes.shape, labels.shape) == ((0, 4), (0,))


def test_a_tally_tells_reasons_and_classes():
    flags = {"crowd": [1, 1, 1, 0, 0, 0], "difficult": [0, 0, 0, 1, 0, 0]}
    one = truth(GOOD, GOOD, GOOD, GOOD, [5, 5, 5, 9], GOOD, labels=[0, 1, 1, 0, 0, 0], **flags)
    records = [ImageRecord("a", Path("a"), 40, 60, one), ImageRecord("b", Path("b"), 40, 60)]
    told = tally_of(("cell", "dust", "never"), records, difficult=False)
    assert str(told) == (
        "6 objects, of which 5 take no part in training: crowd 3 (dust 2, cell 1), "
        "difficult 1 (cell 1), at most a pixel thin 1 (cell 1)"
    )
    assert told.taking_part == {"cell": 1, "dust": 0, "never": 0}
    assert list(told.never_learnt()) == [("dust", "crowd 2"), ("never", "")]
    assert nothing_to_learn("train", told) == ""
    assert str(tally(("cell",), [(truth(GOOD), 40, 60)], difficult=False)) == "1 object"


@pytest.mark.parametrize(
    ("flags", "told", "way_out"),
    [
        (
            {"crowd": [1]},
            "1 object, of which 1 takes no part in training: crowd 1 (a 1)",
            "iscrowd 0",
        ),
        ({"difficult": [1]}, "difficult 1 (a 1)", "DATASETS.USE_DIFFICULT True"),
    ],
)
def test_data_in_which_nothing_takes_part_are_told_with_a_way_out(flags, told, way_out):
    fault = nothing_to_learn("mine", tally(("a",), [(truth(GOOD, **flags), 40, 60)], False))
    assert fault.startswith("mine must have an object that takes part in training, got 1 object")
    assert told in fault
    assert way_out in fault.split(";")[-1]


def test_boxes_that_take_no_part_are_to_be_mended_and_none_to_be_drawn():
    away = tally(("a",), [(truth([70, 5, 90, 15]), 40, 60)], False)
    assert nothing_to_learn("mine", away).endswith(
        "(a 1); mend the boxes, of which resdet check-data tells"
    )
    fault = nothing_to_learn("mine", tally(("a",), [(truth(), 40, 60)], False))
    assert fault.endswith("got 0 objects; annotate some")
