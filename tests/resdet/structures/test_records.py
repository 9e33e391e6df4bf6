"""What crosses a seam is arrays of one length, of finite numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from resdet.structures.records import Dataset, Detections, GroundTruth, count_objects

BOX = [0, 0, 1, 2]


def test_columns_become_arrays_and_nothing_is_difficult_unless_said() -> None:
    truth = GroundTruth([BOX, BOX], [1, 0])
    assert truth.boxes.dtype == np.float32
    assert (truth.labels.dtype, truth.labels.tolist()) == (np.int64, [1, 0])
    assert truth.difficult.tolist() == truth.crowd.tolist() == [False, False]
    assert len(truth) == 2
    none = GroundTruth([], [])
    assert (none.boxes.shape, len(none)) == ((0, 4), 0)
    found = Detections("a", [BOX], [3], np.array([0.5], np.float32))
    assert (len(found), found.scores.dtype) == (1, np.float32)


def test_float64_keeps_every_digit() -> None:
    third = np.array([[0, 0, 1 / 3, 1]])
    assert GroundTruth(third, [0]).boxes.tolist() == third.tolist()
    found = Detections("a", third, [0], np.array([1 / 3]))
    assert found.scores.tolist() == [found.boxes.tolist()[0][2]] == [1 / 3]


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        (([BOX], [0, 1]), r"labels must be one per box \(1\), got 2"),
        (([BOX], [0], [True, True]), "difficult must be one per box"),
        (([BOX], [0], [False], []), r"crowd must be one per box \(1\), got 0"),
        (([[0, 0, float("nan"), 1]], [0]), r"boxes must be finite, got \[nan\]"),
    ],
)
def test_objects_that_do_not_fit(columns: tuple, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        GroundTruth(*columns)


@pytest.mark.parametrize(
    ("columns", "fault"),
    [
        (([BOX], [0], [0.5, 0.5]), "must be of one length, got 1, 1, 2"),
        (([BOX], [], [0.5]), "must be of one length, got 1, 0, 1"),
        (([BOX], [0], [float("inf")]), r"scores must be finite, got \[inf\]"),
    ],
)
def test_detections_that_do_not_fit(columns: tuple, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        Detections("a", *columns)


def test_categories_count_from_1_unless_said() -> None:
    told = {"kind": "voc", "class_names": ("a", "b"), "records": (), "annotations": Path("x")}
    assert Dataset("d", **told).category_ids == (1, 2)
    assert Dataset("d", **told, category_ids=(0, 7)).category_ids == (0, 7)
    assert len(Dataset("d", **told)) == 0


def test_objects_are_counted_one_way() -> None:
    assert count_objects(1563, 14) == "1,563 objects, of which 14 are difficult"
    assert count_objects(1, 1) == "1 object, of which 1 is difficult"
    assert count_objects(3, 0) == "3 objects"
