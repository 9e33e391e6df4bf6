"""What is read off matches, by hand."""

from dataclasses import replace

import pytest

from resdet.evaluation.rules import COCO, DETECTRON2, DEVKIT

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
    assert three.mean(per_class) == {"0.50": 0.5}
    assert three.mean({"dog": {"0.50": None}}) == {"0.50": None}
    assert three.mean({}) == {"0.50": None}
    assert three.classes_in_mean == 1


@pytest.mark.parametrize(
    ("mean", "metric", "dog", "cow", "ap", "over"),
    [
        ("listed", "area", 0.0, 0.0, 0.5 / 3, 3),
        ("seen", "area", 0.0, 0.0, 0.5 / 3, 3),
        ("listed-nan", "11point", 0.0, 0.0, 6 / 11 / 3, 3),
        ("listed-nan", "area", None, None, None, 3),
        ("objects", "area", None, None, 0.5, 1),
    ],
)
def test_classes_without_objects_count_by_the_rules(three, mean, metric, dog, cow, ap, over):
    other = replace(three, rules=replace(DEVKIT, mean=mean))
    per_class = other.average_precisions(metric)
    assert (per_class["dog"]["0.50"], per_class["cow"]["0.50"]) == (dog, cow)
    assert other.mean(per_class)["0.50"] == pytest.approx(ap)
    assert other.classes_in_mean == over


def test_a_class_that_is_listed_alone_is_nothing_seen(matched):
    found = [("i", 0, 0.9, BOX)]
    for mean, ap in (("seen", 1.0), ("listed", 0.5), ("listed-nan", 0.5)):
        rules = replace(DEVKIT, mean=mean)
        matches = matched({"i": [(0, BOX, False)]}, found, rules=rules)
        assert matches.mean(matches.average_precisions("area")) == {"0.50": ap}


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
        "recall": "tenths",
        "score_decimals": None,
        "box_decimals": None,
        "mean": "objects",
    }
    assert DETECTRON2.to_dict()["iou_rule"] == "gt"
