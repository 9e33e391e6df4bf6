"""Columns of JSON objects: what is read at once equals what is read one by one."""

import numpy as np
import pytest

from resdet.evaluation.coco import columns as coco_columns


def rows(key, *values):
    return [{key: value} for value in values]


def test_what_is_sound_is_never_read_one_by_one(monkeypatch):
    monkeypatch.setattr(coco_columns, "_one_by_one", None)
    x = "x"
    assert coco_columns.integers(rows(x, 3, -(2**63), 2**63 - 1), x, "row").dtype == np.int64
    assert coco_columns.image_ids(rows(x, 3, 4), x, "row") == [3, 4]
    assert coco_columns.image_ids(rows(x, "3", "a"), x, "row") == ["3", "a"]
    assert coco_columns.texts(rows(x, "a", ""), x, "row") == ["a", ""]
    assert coco_columns.optional_texts([{x: "a"}, {}, {x: None}], x, "row") == ["a", None, None]
    assert coco_columns.numbers(rows(x, 1, 0.5), x, "row").tolist() == [1.0, 0.5]
    optional = coco_columns.optional_numbers([{x: 2}, {}, {x: None}], x, "row")
    assert np.array_equal(optional, [2, np.nan, np.nan], equal_nan=True)
    assert coco_columns.flags([{x: 1}, {}, {x: 0}, {x: True}], x, "row").tolist() == [1, 0, 0, 1]
    boxes = coco_columns.boxes(rows("bbox", [0, 0.5, 2, 3], (-4, 5, 0, 0)), "row")
    assert boxes.tolist() == [[0, 0.5, 2, 3], [-4, 5, 0, 0]]
    for read in (coco_columns.integers, coco_columns.numbers, coco_columns.flags):
        assert read([], x, "row").shape == (0,)
    assert coco_columns.boxes([], "row").shape == (0, 4)
    assert coco_columns.image_ids([], x, "row") == []


def test_what_can_be_is_converted():
    assert coco_columns.integers(rows("x", 3.0, "4", 5), "x", "row").tolist() == [3, 4, 5]
    assert coco_columns.image_ids(rows("x", "a", 4.0, 5), "x", "row") == ["a", 4, 5]
    assert coco_columns.numbers(rows("x", "0.5", np.float32(2)), "x", "row").tolist() == [0.5, 2]
    boxes = coco_columns.boxes(rows("bbox", np.arange(4.0), ["1", 2, 3, 4]), "row")
    assert boxes.tolist() == [[0, 1, 2, 3], [1, 2, 3, 4]]


@pytest.mark.parametrize(
    ("read", "value", "expected"),
    [
        ("integers", 2**63, "an integer of 64 bits"),
        ("integers", 0.5, "an integer of 64 bits"),
        ("image_ids", 2**63, "an integer of 64 bits or a string"),
        ("image_ids", None, "an integer of 64 bits or a string"),
        ("texts", None, "a string"),
        ("optional_texts", 5, "a string"),
        ("numbers", float("inf"), "a finite number"),
        ("numbers", 10**400, "a finite number"),
        ("optional_numbers", float("nan"), "a finite number"),
        ("flags", 2, "0 or 1"),
        ("flags", [], "0 or 1"),
    ],
)
def test_the_first_fault_is_named(read, value, expected):
    good = {"texts": "a", "optional_texts": "a"}.get(read, 1)
    entries = rows("x", good, value, value)
    with pytest.raises(ValueError, match=f"^f.json: row 1: x must be {expected}, got ") as fault:
        getattr(coco_columns, read)(entries, "x", "f.json: row")
    assert str(fault.value).endswith("; repair the entry")


@pytest.mark.parametrize(
    "box",
    [[1, 2, 3], [1, 2, 3, 4, 5], [1, 2, -3, 4], [1, 2, 3, float("nan")], "abcd", 5, [1e101] * 4],
)
def test_boxes(box):
    with pytest.raises(ValueError, match=r"^row 1: bbox must be finite \[x, y, width, height\] up"):
        coco_columns.boxes(rows("bbox", [0, 0, 1, 1], box), "row")


@pytest.mark.parametrize("entry", [5, None, "text", ["x"]])
def test_an_entry_that_is_no_object(entry):
    for read in (coco_columns.integers, coco_columns.optional_texts):
        with pytest.raises(ValueError, match="^row 0: x must be .*, got in "):
            read([entry], "x", "row")
