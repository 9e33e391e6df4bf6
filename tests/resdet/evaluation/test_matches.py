"""What is read off matches, by hand."""

from dataclasses import replace

import pytest

from resdet.evaluation.matches import COCO, DETECTRON2, DEVKIT, mean_average_precisions

BOX, FAR = [0, 0, 10, 10], [50, 50, 60, 60]


@pytest.fixture
def three(matched):
    """Cats: one found, one missed. Dogs: a difficult one found. No cow, but one is detected."""
    return matched(
        {"i": [(0, BOX, False), (0, FAR, False), (1, FAR, True)], "j": []},
        [("i", 0, 0.9, BOX), ("i", 1, 0.8, FAR), ("j", 2, 0.7, BOX), ("j", 0, 0.6, BOX)],
        classes=("cat", "dog", "cow"),
    )


def test_rows_are_by_class_and_only_those_to_be_found_count(three):
    assert len(three) == 4
    assert three.num_positives.tolist() == [2, 0, 0]
    assert three.keys == ("0.50",)
    rows = {label: (rows.start, rows.stop) for label, rows in three.rows_of_classes()}
    assert rows == {0: (0, 2), 1: (2, 3), 2: (3, 4)}


def test_ap_is_none_without_objects_and_the_mean_is_of_the_others(three):
    per_class = three.average_precisions("area")
    assert per_class == {"cat": {"0.50": 0.5}, "dog": {"0.50": None}, "cow": {"0.50": None}}
    assert mean_average_precisions(per_class) == {"0.50": 0.5}
    assert mean_average_precisions({"dog": {"0.50": None}}) == {"0.50": None}
    assert mean_average_precisions({}) == {}


def test_what_is_measured_on_counts_ignored_objects_too(matched):
    truth = {"a": [(0, [0, 0, 9, 9], False), (1, [0, 0, 9, 9], True)], "b": []}
    voc = matched(truth, [])
    assert voc.told == "2 images, 2 objects, of which 1 is difficult"
    assert replace(voc, rules=COCO).told.endswith("of which 1 is a crowd or difficult")


def test_rules_stand_beside_a_number():
    assert DEVKIT.to_dict() == {
        "iou_rule": "ge",
        "kind": "voc",
        "ties": "stable",
        "recall": "exact",
        "score_decimals": None,
        "box_decimals": None,
    }
    assert DETECTRON2.to_dict()["iou_rule"] == "gt"
