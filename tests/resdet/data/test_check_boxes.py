"""What is wrong with boxes and sizes, by hand."""

import logging

import numpy as np
import pytest

from backbones.images.check_report import Report
from backbones.images.inspect import ImageFacts
from resdet.data import check_boxes
from resdet.data.check_boxes import Item, box_faults, frame_of, size_kind, tell_boxes, tell_readers
from resdet.data.validate import logger


def item(*boxes, size=(40, 60), names=None, **more):
    rows = np.array(boxes, np.float64).reshape(-1, 4)
    return Item("a.xml", "a.jpg", size, names or ["cat"] * len(rows), rows, **more)


def fact(stored=(40, 60), orientation=1):
    return ImageFacts("whole", stored, orientation)


def told(*items, facts=None, origin="voc"):
    report = Report("data", "test", "quick")
    tell_boxes(report, items, facts or {}, origin)
    return {kind.name: cases for kind, cases in report.found.items()}


@pytest.mark.parametrize(
    ("box", "kind"),
    [
        ([0, 0, 60, 40], None),
        ([20, 5, 10, 15], check_boxes.INVERTED),
        ([60, 5, 70, 15], check_boxes.AWAY),
        ([5, -9, 15, 0], check_boxes.AWAY),
        ([5, 5, 6, 15], check_boxes.EMPTY),
        ([-2, 5, 15, 15], check_boxes.OVER),
        ([5, 5, 15, 41], check_boxes.EDGE),
        ([70, 5, 62, 15], check_boxes.INVERTED),  # the gravest
    ],
)
def test_each_box_under_the_gravest_of_its_faults(box, kind):
    boxes, limits = np.array([box], np.float64), np.array([[60, 40, 60, 40]], np.float64)
    found = [k for k, mask in box_faults(boxes, limits) if mask[0]]
    assert found == ([] if kind is None else [kind])


@pytest.mark.parametrize(
    ("one", "seen", "kind", "frame"),
    [
        (item([0, 0, 9, 9]), fact(), None, (40, 60)),
        (item([0, 0, 9, 9]), None, None, (40, 60)),
        (item([0, 0, 9, 9], size=None), fact(), None, (40, 60)),
        (item([0, 0, 9, 9]), fact((40, 60), 6), check_boxes.TURNED, (40, 60)),
        (item([0, 0, 9, 9]), fact((20, 30)), check_boxes.SIZE, (20, 30)),
        (item([0, 0, 50, 9]), fact((20, 30)), check_boxes.SIZE_AND_BOXES, (40, 60)),
    ],
)
def test_a_size_that_is_not_the_images_means_one_of_three_things(one, seen, kind, frame):
    assert size_kind(one, seen) is kind
    assert frame_of(one, seen) == frame


def test_examples_name_the_place_the_class_and_the_corners_as_written():
    two = item([20, 5, 10, 15], [1, 2, 9, 9], [1, 2, 9, 9])
    assert told(two) == {
        "inverted box": ["a.xml: cat [21.0, 6.0, 10.0, 15.0]"],
        "repeated box": ["a.xml: cat [2.0, 3.0, 9.0, 9.0]"],
    }
    found = told(item([1, 2, 9, 9.5], [1, 2, 9, 9.5]), origin="coco")
    assert found["repeated box"] == ["a.xml: cat [1.0, 2.0, 8.0, 7.5]"]
    assert told(item([1, 2, 9, 9], [1, 2, 9, 9], names=["cat", "dog"])) == {}
    assert told(item()) == {"no objects": ["a.xml"]}
    assert told(item(labelled=False)) == {}
    sizes = told(item([0, 0, 9, 9]), facts={"a.jpg": fact((20, 30))})
    assert sizes["other size"] == ["a.xml: 60x40, a.jpg is 30x20"]


def test_signs_of_another_origin():
    zeros = told(item([-1, -1, 59, 39], [4, 4, 9, 9]))
    assert "near corners: 2 at 0" in zeros["origin"][0]
    assert "from 0 to one below the size" in zeros["origin"][0]
    beyond = told(*(item([1, 1, 61, 41]) for _ in range(3)), origin="coco")
    assert "6 one beyond: counted from 1, where COCO measures from 0" in beyond["origin"][0]
    assert "origin" not in told(item([0, 0, 61, 41], [9, 9, 61, 41]), origin="coco")


def test_what_has_no_error_must_be_readable(caplog):
    def broken():
        logger.warning("a warning")
        raise ValueError("two\n  lines")

    report = Report("data", "test", "quick")
    with caplog.at_level(logging.WARNING, logger.name):
        tell_readers(report, [broken, lambda: None])
    assert report.found == {check_boxes.BROKEN: ["two lines"]}
    assert caplog.text == ""
    tell_readers(report, [broken])  # there is an error: it is not read
    assert report.total("error") == 1


def test_what_an_evaluation_leaves_out_is_told_apart():
    boxes = [0, 0, 9, 9], [0, 0, 20, 20], [5, 5, 30, 30]
    assert told(item(*boxes, difficult=[True, True, False], crowd=[False, False, True])) == {
        "difficult": ["a.xml: cat [1.0, 1.0, 9.0, 9.0]", "a.xml: cat [1.0, 1.0, 20.0, 20.0]"],
        "crowd": ["a.xml: cat [6.0, 6.0, 30.0, 30.0]"],
    }
    assert told(item(*boxes)) == {}
