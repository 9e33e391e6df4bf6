"""VOC's form as it is written."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from backbones.files.plain_xml import parse_xml
from resdet.data.programs import Words, words_for
from resdet.data.voc import write as voc
from resdet.data.voc.write import write
from resdet.data.writing import CATEGORY_IDS, IDS, NO_DIFFICULT, SHAPES, Details, Picture
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
    assert (tmp_path / "labelmap.txt").read_text().splitlines()[1:] == ["cat:::", "dog:::"]
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
    assert (second["name"], second["difficult"], second["crowd"]) == ("cat", "1", "1")
    corners = [[corner.text for corner in box] for box in root.iter("bndbox")]
    assert corners == [["1", "1", "10", "20"], ["2.25", "3", "3", "4"]]
    assert +told == {
        voc.OTHER_ATTRIBUTES: 1,
        SHAPES: 1,
        IDS: 1,
        voc.CROWD_TO_VOC: 1,
        voc.DECIMALS: 1,
        CATEGORY_IDS: 2,
    }


def test_decimals_are_rounded_where_it_is_asked(tmp_path, splits):
    told = Counter()
    write(tmp_path, splits, ("cat", "dog"), (1, 2), told, Words(whole=True))
    root = parse_xml((tmp_path / "Annotations/a.xml").read_bytes())
    assert [corner.text for corner in list(root.iter("bndbox"))[1]] == ["2", "3", "3", "4"]
    assert told[voc.ROUNDED] == 1
    assert not {voc.DECIMALS, CATEGORY_IDS} & set(+told)


def test_corners_are_those_of_the_program_and_stand_in_the_file(tmp_path, splits):
    told = Counter()
    write(tmp_path, splits, ("cat", "dog"), (1, 2), told, words_for("globox", "voc"))
    root = parse_xml((tmp_path / "Annotations/a.xml").read_bytes())
    assert root.get("corners") == "0-continuous"
    assert [corner.text for corner in next(root.iter("bndbox"))] == ["0", "0", "10", "20"]
    assert told[NO_DIFFICULT.format(program="globox")] == 1


def test_the_devkit_has_neither_declaration_nor_attribute(tmp_path, splits):
    told = Counter()
    write(tmp_path, splits, ("cat", "dog"), (1, 2), told, words_for("devkit", "voc"))
    assert (tmp_path / "Annotations/a.xml").read_text().startswith("<annotation>")


def test_images_that_a_program_does_not_look_for_are_told(tmp_path, splits):
    told = Counter()
    write(tmp_path, splits, ("cat", "dog"), (1, 2), told, Words(program="it", suffix=".png"))
    assert told[voc.NO_SUFFIX.format(program="it", suffix=".png")] == 2


def test_names_that_a_labelmap_cannot_hold(tmp_path, splits):
    told = Counter()
    write(tmp_path, splits, ("a:b", "#dog"), (1, 2), told)
    assert not (tmp_path / "labelmap.txt").exists()
    assert told[voc.NO_LABELMAP] == 2
    fault = "must be without a : and not begin with # for cvat, whose .*, got 'a:b'; rename"
    (tmp_path / "more").mkdir()
    with pytest.raises(ValueError, match=fault):
        write(tmp_path / "more", splits, ("a:b", "dog"), (1, 2), told, words_for("cvat", "voc"))


def test_a_pose_of_several_lines_is_one(tmp_path, splits):
    splits["train"][0].details[0].attributes["pose"] = " far\nleft "
    write(tmp_path, splits, ("cat", "dog"), (1, 2), Counter())
    root = parse_xml((tmp_path / "Annotations/a.xml").read_bytes())
    assert root.findtext("object/pose") == "far_left"
