"""Labels of one data set by the class names of another."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from resdet.data.labels import labelled_by
from resdet.structures.records import Dataset, GroundTruth, ImageRecord


def data(kind, names, labels, ids=()):
    truth = GroundTruth(np.ones((len(labels), 4)), labels)
    records = (ImageRecord(1, Path("a"), 9, 9, truth), ImageRecord(2, Path("b"), 9, 9))
    return Dataset("mine", kind, names, records, Path("x"), category_ids=ids)


def test_labels_follow_the_names_and_ids_stay_those_of_the_file():
    made = labelled_by(data("coco", ("b", "a", "idle"), [0, 1, 1], (3, 7, 8)), ("a", "b", "c"))
    assert made.records[0].ground_truth.labels.tolist() == [1, 0, 0]
    assert made.records[1].ground_truth is None
    assert (made.class_names, made.category_ids) == (("a", "b", "c"), (7, 3, 9))
    assert made.absent == {9}


def test_vocs_ids_are_the_places():
    made = labelled_by(data("voc", ("b",), [0]), ("a", "b"))
    assert (made.category_ids, made.absent) == ((1, 2), frozenset())


def test_what_is_left_out_stays_left_out():
    one = replace(data("voc", ("b", "a", "idle"), [0]), left_out=frozenset({(1, 1), (1, 2)}))
    assert labelled_by(one, ("a", "b")).left_out == {(1, 0), (1, -1)}  # of no class, of no use


def test_the_same_names_are_the_same_data():
    own = data("coco", ("a", "b"), [0], (4, 2))
    assert labelled_by(own, ["a", "b"]) is own


def test_objects_of_other_classes_are_refused():
    with pytest.raises(ValueError, match="mine must be among a, which .*, got b; list"):
        labelled_by(data("coco", ("a", "b", "c"), [0, 1], (1, 2, 3)), ("a",))
    with pytest.raises(ValueError, match="must be among dog, .*, got person; list"):
        labelled_by(data("coco", ("person",), [], (1,)), ("dog",))
