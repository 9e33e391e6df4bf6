"""Everything that a VOC folder can have wrong, found and named."""

import shutil

import cv2
import numpy as np
import pytest

from resdet.data.voc.check import check_voc
from resdet.structures.corners import Corners

SIZE = "<size><width>60</width><height>40</height></size>"


def obj(name, corners):
    tags = ("xmin", "ymin", "xmax", "ymax")
    box = "".join(f"<{tag}>{value}</{tag}>" for tag, value in zip(tags, corners))
    return f"<object><name>{name}</name><bndbox>{box}</bndbox></object>"


def found(report):
    return {kind.name: report.found[kind] for kind in report.sorted_kinds()}


def paint(path, seed, size=(40, 60)):
    pixels = np.random.default_rng(seed).integers(0, 256, (*size, 3), np.uint8)
    cv2.imwrite(str(path), pixels)


def test_sound_data_has_no_findings(shapes):
    for full in (False, True):
        report = check_voc(shapes, full=full)
        kinds = {kind.name for kind in report.found if kind.severity != "note"}
        assert kinds <= {"absent class", "empty box"}
        assert report.images == {"test": 8, "train": 24, "trainval": 32, "val": 8}
    with pytest.raises(
        ValueError, match=r"must hold the split dev.txt, got test, train, trainval, val"
    ):
        check_voc(shapes, ["dev"])


BOXES = {
    "inverted box": (50, 5, 10, 20),
    "box outside": (70, 5, 90, 20),
    "empty box": (5, 5, 5, 20),
    "box over the edge": (5, 5, 62, 20),
    "box over by one": (5, 5, 61, 20),
    "origin": (0, 5, 60, 20),
    "broken annotation": (1, "?", 5, 5),
}


@pytest.mark.parametrize("kind", BOXES)
def test_each_fault_of_a_box(write_voc, kind):
    good = [obj("cat", (1, 1, 60, 40 - less)) for less in range(9)]
    bodies = {"a": SIZE + good[0] + obj("cat", BOXES[kind]), "b": SIZE + "".join(good)}
    root = write_voc(bodies)
    paint(root / "JPEGImages" / "a.jpg", 1)
    told = found(check_voc(root, full=False))
    told.pop("box over by one" if kind == "origin" else "", None)  # a 0 is both
    assert list(told) == [kind]
    assert "a.xml" in told[kind][0] or kind == "origin"
    if kind == "origin":
        assert told[kind] == [
            "near corners: 1 at 0, 20 at 1; far corners: 13 at the size, 1 one below: "
            "counted from 0 to the size itself, where VOC counts from 1"
        ]


def test_an_object_drawn_twice_and_images_without_one(write_voc):
    root = write_voc({"a": SIZE + 2 * obj("cat", (3, 4, 9, 9)), "b": SIZE})
    paint(root / "JPEGImages" / "a.jpg", 1)
    assert found(check_voc(root, full=False)) == {
        "repeated box": ["a.xml: cat [3.0, 4.0, 9.0, 9.0]"],
        "no objects": ["b.xml"],
    }


def test_sizes_are_held_against_the_images(write_voc, turn_by_exif):
    fits, not_fits = obj("cat", (1, 1, 30, 30)), obj("cat", (1, 1, 120, 30))
    wide = SIZE.replace(">60<", ">120<")
    upright = "<size><width>40</width><height>60</height></size>"
    root = write_voc(
        {"a": wide + fits, "b": wide + not_fits, "c": SIZE + fits, "d": upright + fits, "e": fits}
    )
    for number, stem in enumerate("abcde"):
        paint(root / "JPEGImages" / f"{stem}.jpg", number)
    for stem in "cd":
        turn_by_exif(root / "JPEGImages" / f"{stem}.jpg")
    told = found(check_voc(root))
    assert {name: len(cases) for name, cases in told.items()} == {
        "other size": 1,
        "other image": 1,
        "annotated before EXIF": 1,
        "rotated image": 2,
    }
    assert told["other size"][0].startswith("a.xml: 120x40, ")
    assert told["other size"][0].endswith("a.jpg is 60x40")
    assert told["other image"][0].startswith("b.xml")
    assert told["annotated before EXIF"][0].startswith("c.xml: 60x40")


def test_lists_classes_and_images_at_once(write_voc):
    good = SIZE + obj("cat", (1, 1, 9, 9))
    bodies = dict.fromkeys("abcdef", good) | {"g": SIZE + obj("cta", (1, 1, 9, 9))}
    write_voc(bodies, listing="a\na\nb\nc\nd\ne\ngone\n../secret\n")
    root = write_voc(bodies, split="test", listing="b\nf\ng")
    for number, stem in enumerate("abcde"):
        paint(root / "JPEGImages" / f"{stem}.jpg", number)
    shutil.copy(root / "JPEGImages" / "f.jpg", root / "JPEGImages" / "g.jpg")
    (root / "classes.txt").write_text("cat\nCAT")
    (root / "Annotations" / "b.xml").write_text("<annotation>")
    (root / "Annotations" / "c.xml").unlink()
    (root / "JPEGImages" / "d.jpg").write_bytes(b"no image")
    whole = (root / "JPEGImages" / "e.jpg").read_bytes()
    (root / "JPEGImages" / "e.jpg").write_bytes(whole[:-300])
    told = found(check_voc(root, full=False))
    assert {name: len(cases) for name, cases in told.items()} == {
        "missing image": 2,
        "broken annotation": 1,
        "no annotation": 1,
        "truncated image": 1,
        "unknown class": 1,
        "unreadable image": 1,
        "absent class": 2,
        "alike classes": 1,
        "copy": 1,
        "leak": 1,
        "listed twice": 1,
    }
    assert told["no annotation"] == [str(root / "Annotations" / "c.xml")]
    assert told["unknown class"][0].startswith("g.xml: 'cta'; known: cat")
    assert told["leak"] == [f"test and train: {root}/JPEGImages/b.jpg"]


def test_lists_of_one_class_are_no_splits_and_a_test_may_be_unlabelled(write_voc):
    good = SIZE + obj("cat", (1, 1, 9, 9))
    write_voc({"a": good}, split="cat_train", listing="a  1\n")
    write_voc({"a": good}, split="train")
    root = write_voc({"b": ""}, split="test")
    paint(root / "JPEGImages" / "b.jpg", 1)
    (root / "Annotations" / "b.xml").unlink()
    report = check_voc(root)
    assert report.images == {"test": 1, "train": 1}
    assert found(report) == {}
    assert check_voc(root, ["cat_train"]).images == {"cat_train": 1}
    assert found(check_voc(root, ["test"])) == {"in no split": ["a.xml"]}


def test_what_the_reader_refuses_is_an_error_and_its_warnings_are_not_repeated(write_voc, caplog):
    root = write_voc({"a": SIZE + obj("cat", (5, 5, 5, 5)) + obj("", (1, 1, 9, 9))})
    assert found(check_voc(root))["unknown class"] == ["a.xml: an object without a name"]
    root = write_voc({"a": SIZE + obj("cat", (5, 5, 5, 5))})
    (root / "classes.txt").write_text("cat\ncat\n")
    (fault,) = found(check_voc(root))["broken annotation"]
    assert "class names must differ, got 'cat' more than once" in fault
    (root / "classes.txt").write_text("cat\n")
    assert list(found(check_voc(root))) == ["nothing to learn", "empty box"]
    assert caplog.text == ""


def test_names_that_end_alike_and_names_that_differ_by_suffix(write_voc):
    good = SIZE + obj("cat", (1, 1, 9, 9))
    root = write_voc(dict.fromkeys(("1", "11", "2"), good), listing="1\n11\n")
    for number, stem in enumerate(("1", "11", "2")):
        paint(root / "JPEGImages" / f"{stem}.jpg", number)
    paint(root / "JPEGImages" / "1.png", 9)
    (root / "Annotations" / "1.xml").unlink()
    (root / "Annotations" / "2.xml").unlink()
    (root / "Annotations" / "11.xml").write_text("<annotation>")
    (root / "classes.txt").write_text("cat\ncat\nd\x1b[31mog\n")
    told = found(check_voc(root, full=False))
    assert told["no annotation"] == [str(root / "Annotations" / "1.xml")]  # 11.xml is broken
    assert told["in no split"] == [str(root / "JPEGImages" / "2.jpg")]
    assert told["same name"] == [f"{root}/JPEGImages/1.png, beside 1.jpg"]
    faults = "\n".join(told["broken annotation"])
    assert "class names must differ, got 'cat' more than once" in faults
    assert r"class names must be without control characters, got 'd\x1b[31mog'" in faults


def test_a_box_beyond_a_size_that_is_written_wrong_lies_in_its_image(write_voc):
    narrow = SIZE.replace(">60<", ">50<")
    root = write_voc({"a": narrow + obj("cat", (1, 1, 58, 9))})
    assert list(found(check_voc(root, full=False))) == ["other size"]


def test_boxes_are_checked_as_their_files_count(write_voc):
    inverted = obj("cat", (50, 5, 10, 20))
    root = write_voc({"a": SIZE + obj("cat", (0, 0, 60, 40)) + inverted})
    report = check_voc(root, full=False)
    assert report.remarks[0] == (
        "corners: 0-continuous, by near corners: 2 at 0, 0 at 1; far corners: 0 one below the "
        "size, 2 at it, 0 one beyond"
    )
    assert found(report) == {"inverted box": ["a.xml: cat [50.0, 5.0, 10.0, 20.0]"]}
    told = check_voc(root, corners=Corners("1-inclusive", ", as said"), full=False)
    assert told.remarks[0] == "corners: 1-inclusive, as said"
    assert {"origin", "box over by one"} <= found(told).keys()


def test_what_lies_there_instead_of_an_image_is_told(write_voc):
    root = write_voc({"a": SIZE + obj("cat", (1, 1, 9, 9))}, listing="a\nb\n")
    (root / "JPEGImages" / "b.dng").touch()
    (told,) = found(check_voc(root, full=False))["missing image"]
    assert told.endswith("b.jpg; b.dng lies there, which is of no kind that is read")
