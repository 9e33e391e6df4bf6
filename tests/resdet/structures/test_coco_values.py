"""What a value means, however a tool writes it."""

import pytest

from resdet.structures import coco_values
from resdet.structures.coco_values import FAULTS


@pytest.mark.parametrize("value", [7, 7.0, "7", " 7 "])
def test_an_integer_in_any_dress(value):
    assert coco_values.integer(value) == 7
    assert type(coco_values.integer(value)) is int


def test_text_stays_an_image_id():
    assert coco_values.image_id("007") == "007"
    assert coco_values.image_id(7.0) == 7


@pytest.mark.parametrize(
    ("value", "flag"), [(True, 1), (0.0, 0), ("1", 1), ("False", 0), (" true", 1)]
)
def test_flags(value, flag):
    assert coco_values.flag(value) == flag


def test_boxes_may_be_text():
    assert coco_values.box(["1", 2, "3.5", 4]) == [1, 2, 3.5, 4]


@pytest.mark.parametrize(
    ("read", "value"),
    [
        ("integer", 0.5),
        ("integer", "1_0"),
        ("integer", "a"),
        ("integer", None),
        ("integer", 2**63),
        ("flag", "2"),
        ("flag", 0.5),
        ("number", float("nan")),
        ("box", [0, 0, -1, 5]),
        ("box", [0, 0, 5]),
    ],
)
def test_what_is_none(read, value):
    with pytest.raises(FAULTS):
        getattr(coco_values, read)(value)
