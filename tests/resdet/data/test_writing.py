"""What writers are given."""

from collections import Counter
from pathlib import Path

import pytest

from resdet.data.writing import (
    CATEGORY_IDS,
    CLASSES,
    INVERTED,
    TAGS,
    Details,
    Picture,
    category_numbers,
    each_picture,
    plain_classes,
    plain_text,
    upright,
)
from resdet.structures.records import GroundTruth, ImageRecord


def picture(name, boxes=None, details=()):
    truth = None if boxes is None else GroundTruth(boxes, [0] * len(boxes))
    return Picture(ImageRecord(name, Path(name), 9, 9, truth), f"a.{name}", 1, list(details))


def test_a_picture_of_several_splits_is_one():
    one, again, two = picture("b.png"), picture("b.png"), picture("c.png")
    found = each_picture({"train": [one], "trainval": [again, two]})
    assert [p.record.image_id for p in found] == ["b.png", "c.png"]
    assert one.stem == "a.b"


def test_nothing_known_is_no_object():
    assert len(picture("a").truth) == 0
    assert picture("a", []).truth.boxes.shape == (0, 4)


def test_swapped_corners_are_left_out_and_told():
    told = Counter()
    details = [Details(others=True), Details(), Details(others=True)]
    boxes = [[0, 0, 5, 5], [5, 0, 0, 5], [0, 9, 5, 5]]
    assert upright(picture("a", boxes, details), told) == [0]
    assert told == {TAGS: 2, INVERTED: 2}


@pytest.mark.parametrize("sign", "\n\r\x0b\x0c\x1c\x1e\x85\u2028\u2029\t\0\x1b\ufeff\ufffe\ud800")
def test_what_breaks_a_line_or_is_no_character_is_replaced(sign):
    assert plain_text(f" a{sign}b\xa0") == "a_b"


def test_names_of_one_line_stay_and_others_are_told():
    told = Counter()
    assert plain_classes(["w/ helmet", "a  b", " ", "猫"], told) == [
        "w/ helmet",
        "a  b",
        "class_2",
        "猫",
    ]
    assert told == {CLASSES: 1}
    with pytest.raises(ValueError, match="class names must differ where .*, got ' cat'"):
        plain_classes([" cat", "cat"], told)


def test_categories_are_numbered_where_they_must():
    told = Counter()
    assert category_numbers((3, 7), False, told) == [3, 7]
    assert category_numbers((1, 2), True, told) == [1, 2]
    assert not +told
    assert category_numbers((0, 1), True, told) == [1, 2]
    assert told == {CATEGORY_IDS: 2}
