"""Sound files broken one way each: a clear error, or the one result that is right.

Every case starts from the same two images in VOC's form and in COCO's, with detections that
score 1 everywhere, so that a wrong number shows.
"""

import importlib
import json
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from backbones.files.json_file import read_json
from backbones.files.outputs import write_json
from resdet.evaluation import write_comp4
from resdet.structures.records import Detections

TOOLS = Path(__file__).parents[2] / "tools"
CLASSES = ("cat", "dog")
BOXES = {"000007": (10, 10, 40, 30), "000012": (5, 5, 45, 35)}  # a cat and a dog, 0-based
LAUGHS = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>'
FILE = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]>'


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    root = tmp_path_factory.mktemp("sound")
    for folder in ("voc/Annotations", "voc/ImageSets/Main", "voc/JPEGImages"):
        (root / folder).mkdir(parents=True)
    (root / "voc/classes.txt").write_text("\n".join(CLASSES))
    (root / "voc/ImageSets/Main/test.txt").write_text("\n".join(BOXES))
    found, objects = [], []
    for label, (stem, (x1, y1, x2, y2)) in enumerate(BOXES.items()):
        cv2.imwrite(str(root / f"voc/JPEGImages/{stem}.jpg"), np.zeros((50, 50, 3), np.uint8))
        (root / f"voc/Annotations/{stem}.xml").write_text(
            "<annotation><size><width>50</width><height>50</height></size><object>"
            f"<name>{CLASSES[label]}</name><bndbox><xmin>{x1 + 1}</xmin><ymin>{y1 + 1}</ymin>"
            f"<xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object></annotation>"
        )
        found.append(Detections(stem, [[x1, y1, x2, y2]], [label], np.array([0.9])))
        box = {"bbox": [x1, y1, x2 - x1, y2 - y1], "area": (x2 - x1) * (y2 - y1)}
        objects.append({"id": label + 1, "image_id": int(stem), "category_id": label + 1, **box})
    images = [
        {"id": int(stem), "file_name": f"{stem}.jpg", "width": 50, "height": 50} for stem in BOXES
    ]
    categories = [{"id": label + 1, "name": name} for label, name in enumerate(CLASSES)]
    content = {"images": images, "annotations": objects, "categories": categories}
    write_json(root / "truth.json", content)
    entries = [{k: o[k] for k in ("image_id", "category_id", "bbox")} for o in objects]
    write_json(root / "found.json", [entry | {"score": 0.9} for entry in entries])
    write_comp4(root / "comp4", found, CLASSES)
    return root


@pytest.fixture
def root(sound, tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(TOOLS))
    monkeypatch.setenv("RESDET_CACHE", str(tmp_path / "cache"))
    return Path(shutil.copytree(sound, tmp_path / "root"))


def tool(name, *argv):
    importlib.import_module(name).main([str(arg) for arg in argv])


def voc_style(root, found, truth):
    data = ["--data", root / "voc", "--split", "test"]
    source = data if truth == "voc" else ["--annotations", root / "truth.json"]
    out = root / "out.json"
    tool("eval_voc", "--detections", root / found, *source, "--metric", "area", "--json", out)
    return read_json(out)["mAP"]["0.50"]


def coco_style(root, found, truth):
    data = ["--data", root / "voc", "--split", "test"]
    source = data if truth == "voc" else ["--annotations", root / "truth.json"]
    tool("eval_coco", "--detections", root / found, *source, "--json", root / "out.json")
    return read_json(root / "out.json")["AP50"]


STYLES = {"voc": voc_style, "coco": coco_style}


def edit(file, change):
    """A breaker: JSON -> JSON, by a function that changes it in place or returns another."""

    def breaker(root):
        value = json.loads((root / file).read_text())
        value = change(value) or value
        (root / file).write_text(json.dumps(value))

    return breaker


def text(file, change):
    """A breaker: text -> text, or bytes as they are."""

    def breaker(root):
        path = root / file
        new = change(path.read_text()) if callable(change) else change
        path.write_bytes(new if isinstance(new, bytes) else new.encode())

    return breaker


def put(key, value, at=0):
    return lambda entries: entries[at].__setitem__(key, value)


def into(table, key, value, at=0):
    return lambda content: content[table][at].__setitem__(key, value)


def drop(key):
    return lambda content: {k: v for k, v in content.items() if k != key}


def without(key, at=0):
    return lambda entries: entries[at].pop(key) and None


XML, CAT, SPLIT = "voc/Annotations/000007.xml", "comp4/comp4_det_test_cat.txt", "test.txt"
LIST = f"voc/ImageSets/Main/{SPLIT}"

# what is broken: (breaker, what the message says or the AP that is right)
RESULTS = {
    "cut short": (text("found.json", lambda t: t[:-20]), r"found\.json:\d+: file must be JSON"),
    "empty file": (text("found.json", ""), "must be JSON"),
    "an object": (text("found.json", "{}"), "must be a list of detections"),
    "no UTF-8": (text("found.json", b'[{"\xff": 1}]'), "must be JSON"),
    "deep": (text("found.json", "[" * 100_000), "must be JSON"),
    "binary": (text("found.json", bytes(range(256))), "must be JSON"),
    "a list of lists": (text("found.json", "[[1, 2]]"), "image_id must be"),
    "box NaN": (text("found.json", lambda t: t.replace("10.0", "NaN", 1).replace("[10,", "[NaN,")),
                "NaN"),
    "box infinite": (edit("found.json", put("bbox", [1, 1, float("inf"), 5])), "Infinity|finite"),
    "box negative": (edit("found.json", put("bbox", [10, 10, -30, 20])), r"detection 0: bbox"),
    "box of three": (edit("found.json", put("bbox", [10, 10, 30])), r"detection 0: bbox"),
    "box of words": (edit("found.json", put("bbox", ["a", "b", "c", "d"])), r"detection 0: bbox"),
    "box missing": (edit("found.json", without("bbox")), r"detection 0: bbox"),
    "score missing": (edit("found.json", without("score", 1)), r"detection 1: score"),
    "score a word": (edit("found.json", put("score", "high")), r"detection 0: score must be"),
    "score null": (edit("found.json", put("score", None)), r"detection 0: score must be"),
    "image unknown": (edit("found.json", put("image_id", 99)), "got 1 unknown \\(99\\)"),
    "image a fraction": (edit("found.json", put("image_id", 7.5)), "image_id must be"),
    "image null": (edit("found.json", put("image_id", None)), "image_id must be"),
    "image a path": (edit("found.json", put("image_id", "../../etc/passwd")), "unknown"),
    "image huge": (edit("found.json", put("image_id", 10**30)), "image_id must be|must be JSON"),
    "class unknown": (edit("found.json", put("category_id", 9)), "categories of the results"),
    "class of others": (edit("found.json", put("category_name", "cow")), "1 cow.*1 cat"),
    "nothing found": (text("found.json", "[]"), 0.0),
    "numbered otherwise": (  # the names tell
        edit("found.json", lambda v: [
            v[0] | {"category_id": 2, "category_name": "cat"},
            v[1] | {"category_id": 1, "category_name": "dog"}]), 1.0),
    "the same twice": (edit("found.json", lambda v: v + v), 1.0),  # the copies come after
    "a copy of higher score": (
        edit("found.json", lambda v: [v[0] | {"score": 0.95, "bbox": [0, 0, 5, 5]}, *v]), 0.75),
    "box without area": (edit("found.json", put("bbox", [10, 10, 0, 0])), 0.5),
    "a field too many": (edit("found.json", put("segmentation", [])), 1.0),
}  # fmt: skip
COMP4 = {
    "a file missing": (lambda root: (root / CAT).unlink(), "missing: cat"),
    "a class too many": (
        lambda root: (root / "comp4/comp4_det_test_cow.txt").write_text(""), "of no class.*cow"),
    "five fields": (text(CAT, "000007 0.9 1 2 3\n"), r"cat\.txt:1: line must be"),
    "a word": (text(CAT, "000007 0.9 1 2 3 x\n"), r"cat\.txt:1: line must be"),
    "NaN": (text(CAT, "000007 nan 1 2 3 4\n"), r"cat\.txt:1: line must be"),
    "infinite": (text(CAT, lambda t: t + "000007 0.5 1 2 inf 4\n"), r"cat\.txt:2: line must be"),
    "no UTF-8": (text(CAT, b"\xff\xfe 0.9 1 2 3 4\n"), "must be UTF-8|unknown"),
    "image unknown": (text(CAT, "000099 0.9 11 11 40 30\n"), "000099"),
    "image a path": (text(CAT, "../../etc/passwd 0.9 11 11 40 30\n"), "unknown"),
    "nothing found": (text(CAT, ""), 0.5),
    "empty lines": (text(CAT, lambda t: "\n\n" + t + "\n"), 1.0),
    "lines of Windows": (text(CAT, lambda t: t.replace("\n", "\r\n")), 1.0),
    "tabs": (text(CAT, lambda t: t.replace(" ", "\t")), 1.0),
    "a number for the id": (text(CAT, lambda t: t.replace("000007", "7")), 1.0),
    "inverted box": (text(CAT, "000007 0.9 40 30 11 11\n"), 0.5),
    "no folder": (lambda root: shutil.rmtree(root / "comp4"), "must be a folder of comp4 files"),
}  # fmt: skip
XMLS = {
    "cut short": (text(XML, lambda t: t[:-30]), r"000007\.xml must be plain XML"),
    "empty": (text(XML, ""), r"000007\.xml must be plain XML"),
    "missing": (lambda root: (root / XML).unlink(), r"000007\.xml must be the annotation"),
    "binary": (text(XML, bytes(range(256))), "must be plain XML"),
    "entity bomb": (text(XML, lambda t: LAUGHS + t.replace("cat", "&b;")), "got a DOCTYPE"),
    "entity of a file": (text(XML, lambda t: FILE + t.replace("cat", "&a;")), "got a DOCTYPE"),
    "bomb in UTF-16": (
        text(XML, lambda t: (LAUGHS + t.replace("cat", "&b;")).encode("utf-16")), "got a DOCTYPE"),
    "no box": (text(XML, "<annotation><object><name>cat</name></object></annotation>"), "bndbox"),
    "corner NaN": (text(XML, lambda t: t.replace(">11<", ">nan<", 1)), "object 1: bndbox"),
    "corner a word": (text(XML, lambda t: t.replace(">11<", ">left<", 1)), "object 1: bndbox"),
    "corner huge": (text(XML, lambda t: t.replace(">40<", ">1e300<", 1)), "object 1: bndbox"),
    "class unknown": (text(XML, lambda t: t.replace("cat", "cow")), "class must be one of cat"),
    "class markup": (
        text(XML, lambda t: t.replace("cat", "&lt;script&gt;")), r"got '<script>'"),
    "inverted box": (text(XML, lambda t: t.replace(">40<", ">1<")), 0.5),  # warned of; not found
    "size a word": (text(XML, lambda t: t.replace("<width>50", "<width>wide")), 1.0),
    "class twice": (text("voc/classes.txt", "cat\ncat\ndog"), "'cat' more than once"),
    "split empty": (text(LIST, ""), "must list at least one image"),
    "split missing": (lambda root: (root / LIST).unlink(), "must be one of all, got 'test'"),
    "split no UTF-8": (text(LIST, b"\xff\xfe\n"), "must be UTF-8"),
    "split a path": (text(LIST, "000007\n../../../etc/passwd\n"), "must list images or"),
    "image missing": (lambda root: (root / "voc/JPEGImages/000007.jpg").unlink(), 1.0),
    "no data": (lambda root: shutil.rmtree(root / "voc"), "must be a folder, got"),
    "one image": (text(LIST, "000007"), "unknown"),  # detections of the other remain
}  # fmt: skip
TRUTHS = {
    "cut short": (text("truth.json", lambda t: t[:-20]), r"truth\.json.* must be JSON"),
    "empty file": (text("truth.json", ""), "must be JSON"),
    "a list": (text("truth.json", "[]"), "truth.json must"),
    "no images": (edit("truth.json", drop("images")), "images"),
    "no categories": (edit("truth.json", drop("categories")), "categories"),
    "no annotations": (edit("truth.json", drop("annotations")), "annotations"),
    "image twice": (edit("truth.json", into("images", "id", 7, at=1)), "7 twice"),
    "category twice": (edit("truth.json", into("categories", "id", 1, at=1)), "1 twice"),
    "image of none": (edit("truth.json", into("annotations", "image_id", 99)), "image.* 99|99"),
    "class of none": (edit("truth.json", into("annotations", "category_id", 9)), "category"),
    "box NaN": (edit("truth.json", into("annotations", "bbox", [1, 1, np.nan, 5])), "NaN|nan"),
    "box negative": (edit("truth.json", into("annotations", "bbox", [9, 9, -3, 5])), "bbox"),
    "crowd a word": (edit("truth.json", into("annotations", "iscrowd", "some")), "iscrowd must be"),
    "crowd as text": (edit("truth.json", into("annotations", "iscrowd", "0")), 1.0),
    "class twice": (edit("truth.json", into("categories", "name", "dog")), "'dog' more than once"),
    "class a number": (edit("truth.json", into("categories", "name", 5)), "name must be a string"),
    "class no Unicode": (
        edit("truth.json", into("categories", "name", chr(0xD800))), "whole characters"),
    "box missing": (edit("truth.json", lambda c: c["annotations"][0].pop("bbox") and None), "bbox"),
    "path leads out": (edit("truth.json", into("images", "file_name", "../a.jpg")), 1.0),
    "path absolute": (edit("truth.json", into("images", "file_name", "/a.jpg")), 1.0),
    "height negative": (edit("truth.json", into("images", "height", -5)), "height must be"),
    "classes of others": (edit("truth.json", into("categories", "id", 5)), "categor"),
    "an image more": (
        edit("truth.json", lambda c: c["images"].append(
            {"id": 3, "file_name": "3.jpg", "width": 9, "height": 9})), 1.0),
    "info missing": (edit("truth.json", lambda c: None), 1.0),
}  # fmt: skip

CASES = [
    pytest.param(style, found, truth, *case, id=f"{style} {found} {truth} {name}")
    for table, found, truths in (
        (RESULTS, "found.json", ("voc", "coco")),
        (COMP4, "comp4", ("voc", "coco")),
        (XMLS, "found.json", ("voc",)),
        (TRUTHS, "found.json", ("coco",)),
    )
    for name, case in table.items()
    for truth in truths
    for style in STYLES
]


@pytest.mark.parametrize(("style", "found", "truth", "breaker", "expected"), CASES)
def test_broken(root, style, found, truth, breaker, expected):
    breaker(root)
    if isinstance(expected, float):
        assert STYLES[style](root, found, truth) == pytest.approx(expected)
        return
    with pytest.raises((ValueError, OSError), match=f"(?s){expected}") as fault:
        STYLES[style](root, found, truth)
    assert not isinstance(fault.value, UnicodeError | json.JSONDecodeError)  # a library's own words
    assert len(str(fault.value)) < 2000
    assert not (root / "out.json").exists()
    assert not list(root.glob("*.npz"))


def test_there_are_sixty():
    assert len(RESULTS) + len(COMP4) + len(XMLS) + len(TRUTHS) >= 60


@pytest.mark.parametrize("found", ["found.json", "comp4"])
@pytest.mark.parametrize("truth", ["voc", "coco"])
@pytest.mark.parametrize("style", STYLES)
def test_sound(root, style, found, truth):
    assert STYLES[style](root, found, truth) == pytest.approx(1.0)


def refused(root, *argv, tool_name="eval_voc"):
    """What a tool says of options that a user got wrong."""
    data = ["--detections", root / "found.json", "--data", root / "voc", "--split", "test"]
    before = sorted(root.rglob("*"))
    with pytest.raises((ValueError, OSError, SystemExit)) as fault:
        tool(tool_name, *data, *argv)
    assert sorted(root.rglob("*")) == before
    return str(fault.value)


@pytest.mark.parametrize("iou", ["inf:1", "0.5:inf", "0.505:0.6", "0.9:0.5", "1.5", "a", "", "nan"])
def test_thresholds_that_are_none(root, capsys, iou):
    refused(root, "--iou", iou)
    assert "error: --iou must be in (0, 1]" in capsys.readouterr().err


def test_outputs_are_looked_at_before_the_work(root):
    found, apart = root / "found.json", "must be apart from what --detections reads"
    (root / "file").touch()
    for name in ("eval_voc", "eval_coco"):
        assert f"--json {apart}" in refused(root, "--json", found, tool_name=name)
        assert f"--plots {apart}" in refused(root, "--plots", found, tool_name=name)
        assert "got the file" in refused(root, "--plots", root / "file", tool_name=name)
        assert "got the folder" in refused(root, "--json", root, tool_name=name)
    assert "must be a .tar.gz" in refused(root, "--submission", root / "s.zip")


def test_options_that_would_do_nothing(root, capsys):
    for option in (["--engine", "tv"], ["--device", "cpu"], ["--batch", "2"], ["--compile"]):
        refused(root, *option)
        assert f"{option[0]} goes with --checkpoint" in capsys.readouterr().err


def test_a_split_without_annotations_has_no_result_to_write(root):
    shutil.rmtree(root / "voc/Annotations")
    said = refused(root, "--submission", root / "s.tgz", "--json", root / "r.json")
    assert "--json and --plots need annotations" in said
