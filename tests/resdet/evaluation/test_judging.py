"""What a dataset says of its own scoring."""

from pathlib import Path

import numpy as np
import pytest

from resdet.evaluation import evaluate_voc
from resdet.evaluation.detection_table import DetectionTable
from resdet.evaluation.judging import asked_of, on_data, own_rules, told_left_out
from resdet.evaluation.rules import DEVKIT, IMAGENET
from resdet.structures.corners import Corners
from resdet.structures.records import Dataset, Detections, GroundTruth, ImageRecord

BOX = [0.0, 0, 99, 99]


def dataset(way="0-continuous", **fields):
    truth = GroundTruth(np.array([BOX, BOX]), np.array([0, 1]))
    records = [ImageRecord(name, Path(name), 200, 200, truth) for name in ("a", "b")]
    return Dataset(
        *("d", "voc", ("x", "y"), tuple(records), Path()), corners=Corners(way, ""), **fields
    )


@pytest.mark.parametrize(
    ("way", "plus_one"),
    [
        ("1-inclusive", False),
        ("0-inclusive", False),
        ("0-continuous", True),
        ("1-continuous", True),
    ],
)
def test_sides_are_one_longer_only_where_files_do_not_say_so(way, plus_one):
    assert on_data(dataset(way), IMAGENET).plus_one is plus_one
    assert own_rules(dataset(way, judged_by="imagenet")).leeway == 10


def test_data_without_rules_of_its_own_is_voc():
    assert own_rules(dataset()) == own_rules(dataset(judged_by="localisation")) == DEVKIT


def test_what_is_left_out_is_neither_right_nor_wrong():
    # of x, image b is left out: its object is not asked for, its detections are not false
    data = dataset(judged_by="imagenet", left_out=frozenset({("b", 0)}))
    truths = {record.image_id: record.ground_truth for record in data.records}
    far = [150.0, 150, 199, 199]
    dets = [
        Detections("b", np.array([far, far, BOX]), np.array([0, 0, 1]), np.array([0.9, 0.8, 0.7])),
        Detections("a", np.array([BOX]), np.array([0]), np.array([0.5])),
    ]
    truth, table = asked_of(data, truths, DetectionTable.of(dets))
    assert (len(truth["a"]), truth["b"].labels.tolist(), len(table)) == (2, [1], 2)
    scores = evaluate_voc(truth, table, data.class_names, rules=own_rules(data))
    assert scores["per_class"] == {"x": {"0.50": 1.0}, "y": {"0.50": 0.5}}
    assert told_left_out(data) == ["left out: 1 pair of image and class, by the devkit's blacklist"]


def test_nothing_is_left_out_of_other_data():
    truths = {record.image_id: record.ground_truth for record in dataset().records}
    table = DetectionTable.of([])
    assert asked_of(dataset(), truths, table) == (truths, table)
    assert told_left_out(dataset()) == []
