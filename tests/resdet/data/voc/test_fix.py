"""Corrected copies read back clean, and the original stays as it was."""

import hashlib

import cv2
import numpy as np
import pytest

from resdet.data.check_boxes import TURNED_BOX
from resdet.data.coco.fix import fix_coco
from resdet.data.voc.check import check_voc
from resdet.data.voc.fix import fix_voc
from resdet.data.voc.reader import load_voc

SIZE = "<size><width>60</width><height>40</height></size>"
QUICK = {"full": False}


def obj(name, corners):
    tags = ("xmin", "ymin", "xmax", "ymax")
    box = "".join(f"<{tag}>{value}</{tag}>" for tag, value in zip(tags, corners))
    return f"<object><name>{name}</name><pose>Left</pose><bndbox>{box}</bndbox></object>"


def digests(folder):
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def paint(path, seed, size=(40, 60)):
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    cv2.imwrite(str(path), pixels)


@pytest.fixture
def dirty_voc(write_voc, turn_by_exif):
    good = obj("cat", (1, 1, 9, 9))
    bad = [(50, 5, 10, 20), (70, 5, 90, 20), (5, 5, 5, 20), (5, 5, 80, 20), (0, 5, 61, 20)]
    bodies = {
        "a": SIZE + "".join(obj("cat", corners) for corners in bad) + 2 * good,
        "b": SIZE.replace("60", "99") + obj("cat", ("1.0", 1, 9, 9)),
        "c": SIZE + obj("cat", (11, 6, 30, 15)),
        "d": SIZE + good,
        "e": SIZE + good,
        "f": "<object>",
        "g": good + obj("cat", ("x", 1, 2, 3)) + obj(" CAT", (3, 3, 9, 9)),
    }
    root = write_voc(bodies, listing="a\na\nb\nc\nd\ne\nf\ng\ngone\n")
    for number, stem in enumerate("abcdefg"):
        paint(root / "JPEGImages" / f"{stem}.jpg", number)
    turn_by_exif(root / "JPEGImages" / "c.jpg")
    (root / "JPEGImages" / "d.jpg").write_bytes(b"")
    (root / "Annotations" / "e.xml").unlink()
    (root / "classes.txt").write_text("cat\ndog\n")
    return root


def test_a_copy_of_voc_reads_back_clean(dirty_voc, tmp_path):
    before, lines = digests(dirty_voc), []
    assert check_voc(dirty_voc, **QUICK).total("error") > 7
    fix_voc(dirty_voc, tmp_path / "out", **QUICK, say=lines.append)
    assert digests(dirty_voc) == before
    report = check_voc(tmp_path / "out")
    assert {kind.name for kind in report.found} == {"no objects"}
    truths = {
        r.image_id: r.ground_truth.boxes.tolist()
        for r in load_voc(tmp_path / "out", "train").records
    }
    assert truths == {
        "a": [[9, 4, 50, 20], [4, 4, 60, 20], [0, 4, 60, 20], [0, 0, 9, 9]],
        "b": [[0, 0, 9, 9]],
        "c": [[25, 10, 35, 30]],  # turned as its image is
        "e": [],  # it had no annotation
        "g": [[0, 0, 9, 9], [2, 2, 9, 9]],
    }
    assert cv2.imread(str(tmp_path / "out/JPEGImages/c.jpg")).shape == (60, 40, 3)
    assert "<xmin>1.0</xmin>" in (tmp_path / "out/Annotations/b.xml").read_text()  # as written
    assert "<pose>Left</pose>" in (tmp_path / "out/Annotations/a.xml").read_text()
    assert lines == [
        "fixed: boxes clipped to their image: 2",
        "fixed: boxes dropped: outside, at most one pixel, or repeated: 3",
        "fixed: boxes with corners swapped back: 1",
        "fixed: images left out: annotation missing or broken: 1",
        "fixed: images left out: missing, unreadable or truncated: 1",
        "fixed: images turned upright: 1",
        "fixed: images whose boxes were rotated as their EXIF data says: 1",
        "fixed: listed images without an annotation, given one without objects: 1",
        "fixed: objects left out: no numbers, no class or no image: 1",
        "fixed: objects whose class was written with other capitals or spaces: 1",
        "fixed: sizes corrected: 1",
        f"written: {tmp_path / 'out'}/",
    ]


@pytest.mark.parametrize("out", ["voc", "voc/fixed", ".", "full"])
def test_a_copy_never_lies_in_the_original_or_over_other_files(dirty_voc, tmp_path, out):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").write_text("kept")
    before = digests(tmp_path)
    with pytest.raises(ValueError, match="--fix must name a"):
        fix_voc(dirty_voc, tmp_path / out, **QUICK)
    assert digests(tmp_path) == before


def test_what_fails_leaves_nothing_behind(dirty_voc, tmp_path, monkeypatch):
    monkeypatch.setattr("resdet.data.voc.fix.copy_image", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fix_voc(dirty_voc, tmp_path / "out", **QUICK)
    assert [path.name for path in tmp_path.iterdir()] == ["voc"]


def test_a_copy_without_any_object_is_no_success(write_voc, tmp_path):
    root = write_voc({"a": SIZE + obj("cat", (70, 5, 90, 20)), "b": SIZE})
    told = "--fix must find an object that can be kept in .*, got none of 1; see what check-data"
    with pytest.raises(ValueError, match=told):
        fix_voc(root, tmp_path / "out", **QUICK)
    assert not (tmp_path / "out").exists()
    (root / "Annotations/a.xml").write_text(f"<annotation>{SIZE}</annotation>")
    fix_voc(root, tmp_path / "out", **QUICK)  # there were none


def test_a_split_whose_objects_are_unknown_is_given_none(write_voc, tmp_path):
    root = write_voc({"a": SIZE + obj("cat", (1, 1, 9, 9))})
    root = write_voc({"b": ""}, split="test")
    (root / "Annotations/b.xml").unlink()
    fix_voc(root, tmp_path / "out", **QUICK)
    assert [file.name for file in (tmp_path / "out/Annotations").iterdir()] == ["a.xml"]
    assert load_voc(tmp_path / "out", "test").records[0].ground_truth is None


def test_where_nothing_is_left_nothing_is_written(write_voc, write_coco, tmp_path):
    root = write_voc({"a": "<object>"})
    with pytest.raises(
        ValueError, match="--fix must find an image that can be used in .*, got none"
    ):
        fix_voc(root, tmp_path / "out", **QUICK)
    images = [{"id": 1, "file_name": "a.png", "height": 4, "width": 4}]
    path, folder = write_coco(images, [], [{"id": 1, "name": "cat"}])
    (folder / "a.png").write_bytes(b"")
    with pytest.raises(ValueError, match="--fix must find an image that can be used"):
        fix_coco([(path, folder)], tmp_path / "out", **QUICK)
    assert not (tmp_path / "out").exists()


def test_corners_are_shifted_before_they_are_clipped(write_voc, tmp_path):
    boxes = [(0, 0, 60, 40), (-3, 5, 70, 20), (60, 5, 61, 20), (30, 9, 10, 8)]
    before = SIZE + "".join(obj("cat", corners) for corners in boxes)
    root, lines = write_voc({"a": before, "b": SIZE + obj("cat", (0, 0, 9.5, 9))}), []
    paint(root / "JPEGImages" / "a.jpg", 1)
    assert check_voc(root, **QUICK).remarks[0].startswith("corners: 0-continuous")
    fix_voc(root, tmp_path / "out", **QUICK, say=lines.append)
    assert "fixed: files whose corners were counted otherwise, now as VOC counts: 2" in lines
    text = (tmp_path / "out/Annotations/b.xml").read_text()
    assert '<annotation corners="1-inclusive">' in text
    assert "<xmin>1</xmin><ymin>1</ymin><xmax>9.5</xmax><ymax>9</ymax>" in text
    report = check_voc(tmp_path / "out", **QUICK)
    assert report.remarks == ["corners: 1-inclusive, written at their head"]
    assert report.found == {}
    found = load_voc(tmp_path / "out", "train").records
    assert found[0].ground_truth.boxes.tolist() == [[0, 0, 60, 40], [0, 5, 60, 20]]
    assert found[1].ground_truth.boxes.tolist() == [[0, 0, 9.5, 9]]


def test_the_box_around_a_turned_object_is_taken(write_voc, tmp_path, caplog):
    attribute = (
        "<attributes><attribute><name>rotation</name><value>90</value></attribute></attributes>"
    )
    turned = obj("cat", (21, 6, 24, 25)).replace("</object>", f"{attribute}</object>")
    root = write_voc({"a": SIZE + turned})
    told = check_voc(root, **QUICK).found[TURNED_BOX]
    assert told == ["a.xml: cat [21.0, 6.0, 24.0, 25.0], 90 degrees"]
    load_voc(root, "train")
    assert (
        "objects turned by an attribute, of which the box before the turn is read: 1" in caplog.text
    )
    fix_voc(root, tmp_path / "out", say=lambda line: None, **QUICK)
    caplog.clear()
    boxes = load_voc(tmp_path / "out", "train").records[0].ground_truth.boxes
    assert boxes.tolist() == [[12, 13, 32, 17]]
    assert not caplog.records
