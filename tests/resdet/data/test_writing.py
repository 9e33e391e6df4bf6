"""What writers are given."""

from collections import Counter
from pathlib import Path

from resdet.data.writing import INVERTED, TAGS, Details, Picture, each_picture, upright
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
