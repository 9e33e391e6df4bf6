"""What a check tells of objects that training leaves out."""

from dataclasses import replace

import numpy as np
import pytest

from backbones.images.check_report import Report
from backbones.images.inspect import ImageFacts
from resdet.data.check_boxes import Item
from resdet.data.check_taking_part import tell_taking_part

GOOD, THIN = [2.0, 3, 30, 30], [5.0, 5, 5, 9]


def item(names, boxes, **flags):
    return Item("a.xml", "a.jpg", (40, 60), names, np.array(boxes).reshape(-1, 4), **flags)


def told(splits, difficult=False, classes=("cell", "dust"), facts=None):
    report = Report("data", "test", "quick")
    for split, items in splits.items():
        report.count_classes(split, classes, [name for one in items for name in one.names])
    tell_taking_part(report, splits, facts or {}, difficult=difficult)
    return report


def kinds(report):
    return {kind.name: cases for kind, cases in report.found.items()}


def test_what_takes_no_part_is_counted_beside_what_does():
    report = told({"train": [item(["cell", "cell", "dust"], [GOOD, THIN, GOOD])]})
    assert report.remarks == [
        "train: 3 objects, of which 1 takes no part in training: at most a pixel thin 1 (cell 1)"
    ]
    assert report.trained_on == {"train": {"cell": 1, "dust": 1}}
    assert "  class  train  trained on" in list(report.lines())
    assert "  cell       2           1" in list(report.lines())
    assert kinds(report) == {}
    all_of_it = told({"train": [item(["cell"], [GOOD])]})
    assert (all_of_it.remarks, all_of_it.trained_on) == ([], {})


def test_objects_of_images_that_cannot_be_read_are_not_judged():
    one, facts = item(["cell"], [THIN]), {"a.jpg": ImageFacts("unreadable", None)}
    other = replace(item(["cell"], [GOOD]), path="b.jpg")
    assert told({"train": [one, other]}, facts=facts).remarks == []
    assert len(told({"train": [one, other]}).remarks) == 1


def test_a_split_in_which_nothing_takes_part_is_an_error_and_a_class_a_warning():
    one = item(["cell", "dust"], [GOOD, GOOD], difficult=[True, False])
    assert kinds(told({"trainval": [one]})) == {"never learnt": ["trainval: cell: difficult 1"]}
    assert kinds(told({"trainval": [one]}, difficult=True)) == {}
    crowds = item(["cell", "dust"], [GOOD, GOOD], crowd=[True, True])
    (fault,) = kinds(told({"all": [crowds], "train": [one]}))["nothing to learn"]
    assert fault.startswith("all must have an object that takes part in training, got 2 objects")


@pytest.mark.parametrize("split", ["test", "val", "instances_val2017", "valid"])
def test_splits_to_measure_on_are_not_trained_on(split):
    report = told({split: [item(["cell"], [THIN])]})
    assert (kinds(report), report.remarks) == ({}, [])


def test_background_alone_is_an_error_where_there_is_nothing_else():
    empty, full = item([], []), item(["cell"], [GOOD])
    assert list(kinds(told({"train": [empty]}))) == ["nothing to learn"]
    assert kinds(told({"train": [full], "background": [empty]})) == {}
