"""VOC's form as it is written."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from resdet.data.voc import write as voc
from resdet.data.voc.write import write
from resdet.data.voc.xml import parse_xml
from resdet.data.writing import IDS, SHAPES, Details, Picture
from resdet.structures.records import GroundTruth, ImageRecord


@pytest.fixture
def splits():
    """A box of whole pixels; a crowd with decimals; an image of which nothing is known."""
    truth = GroundTruth(
        np.array([[0, 0, 10, 20], [1.25, 2, 3, 4]]), [1, 0], crowd=np.array([False, True])
    )
    first = Details({"occluded": 1, "pose": "Left", "colour": "red"}, shape=True)
    one = Picture(
        ImageRecord(1, Path("in/a.jpg"), 40, 60, truth),
        "a.jpg",
        1,
        [first, Details(entry={"id": 7})],
    )
    none = Picture(ImageRecord(2, Path("in/b.jpg"), 40, 60), "b.jpg", 2, [])
    return {"train": [one, none], "val": [one]}


def test_annotations_lists_and_classes(tmp_path, splits):
    told = Counter()
    places = write(tmp_path, splits, ("cat", "dog"), (1, 5), told)
    assert places == {Path(f"in/{n}.jpg"): Path(f"JPEGImages/{n}.jpg") for n in "ab"}
    assert (tmp_path / "classes.txt").read_text() == "cat\ndog\n"
    assert (tmp_path / "ImageSets/Main/train.txt").read_text() == "a\nb\n"
    assert [file.name for file in (tmp_path / "Annotations").iterdir()] == ["a.xml"]
    root = parse_xml((tmp_path / "Annotations/a.xml").read_bytes())
    assert (root.findtext("size/width"), root.findtext("size/height")) == ("60", "40")
    first, second = (
        {tag.tag: tag.text for tag in thing if tag.tag != "bndbox"} for thing in root.iter("object")
    )
    assert first == {
        "name": "dog",
        "pose": "Left",
        "truncated": "0",
        "difficult": "0",
        "occluded": "1",
    }
    assert (second["name"], second["difficult"]) == ("cat", "1")  # a crowd
    corners = [[corner.text for corner in box] for box in root.iter("bndbox")]
    assert corners == [["1", "1", "10", "20"], ["2.25", "3", "3", "4"]]
    assert told == {
        voc.OTHER_ATTRIBUTES: 1,
        SHAPES: 1,
        IDS: 1,
        voc.CROWD_TO_VOC: 1,
        voc.DECIMALS: 1,
        voc.CATEGORY_IDS: 2,
    }


def test_decimals_are_rounded_where_it_is_asked(tmp_path, splits):
    told = Counter()
    write(tmp_path, splits, ("cat", "dog"), (1, 2), told, whole_pixels=True)
    root = parse_xml((tmp_path / "Annotations/a.xml").read_bytes())
    assert [corner.text for corner in list(root.iter("bndbox"))[1]] == ["2", "3", "3", "4"]
    assert told[voc.ROUNDED] == 1
    assert not {voc.DECIMALS, voc.CATEGORY_IDS} & set(told)
