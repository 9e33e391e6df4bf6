"""docs/annotation_tools.md: the page of what was measured; how it is measured, without a tool."""

import json

import pytest

from resdet.data.programs import words_for
from tools.docs import annotation_tools
from tools.round_trip import scene
from tools.round_trip.__main__ import differences
from tools.round_trip.measure import readers, writers


@pytest.fixture(scope="module")
def found():
    return json.loads(annotation_tools.MEASURED.read_text())


def test_the_page_is_that_of_what_was_measured():
    assert annotation_tools.main(["--check"]) == 0, "run make docs"


def test_a_page_that_differs_is_told_and_mended(tmp_path, monkeypatch):
    page = tmp_path / "page.md"
    page.write_text("older")
    monkeypatch.setattr(annotation_tools, "PAGE", page)
    assert annotation_tools.main(["--check"]) == 1
    assert annotation_tools.main([]) == 0
    assert annotation_tools.main(["--check"]) == 0


def test_each_pair_was_measured(found):
    sources = {way for way, seen in found["read"].items() if "refused" not in seen}
    assert sources >= {"resdet coco"}
    assert {*found["read"]} == {"resdet coco", *map(str, writers())}
    assert {*found["pairs"]} == sources
    for cells in found["pairs"].values():
        assert {*cells} == {*map(str, readers())} == {*found["marks"]}


def test_what_is_written_for_a_program_is_told_in_words():
    told = annotation_tools.told
    assert told("voc", words_for("pylabel", "voc")) == "0-continuous, whole pixels"
    assert "no XML declaration" in told("voc", words_for("devkit", "voc"))
    assert "without nc" in told("yolo", words_for("cvat", "yolo"))


def test_a_cell_tells_the_distance_and_what_is_lost():
    assert annotation_tools.cell({"error": 0.00024}) == "0.00024"
    assert annotation_tools.cell({"error": 2.0, "images_lost": 1}) == "2, 1 image lost"
    assert annotation_tools.cell({"refused": "why"}) == "refused"


def test_the_distance_is_that_of_the_worst_corner():
    names = scene.CLASSES
    images = {
        f"{stem}.jpg": [[names[thing[0]], *thing[1:], None]] if thing else []
        for stem, thing in scene.OBJECTS.items()
    }
    assert scene.compared({"images": images, "classes": list(names)}) == {"error": 0.0}
    images["a.jpg"][0][3] += 0.5
    images["b.jpg"][0][0] = "never"
    images["c.jpg"] *= 2
    images["d_e.jpg"] = [] * len(images.pop("d e.jpg"))
    del images["empty.jpg"]
    assert scene.compared({"images": images, "classes": ["cell"]}) == {
        "error": 0.5,
        "images_lost": 1,
        "objects_lost": 1,
        "objects_more": 1,
        "classes_wrong": 1,
        "classes": ["cell"],
    }


def test_a_value_that_changed_is_told():
    old = {"versions": {"a": "1"}, "read": {"a voc": {"error": 0.0}}}
    assert differences(old, {**old, "versions": {"a": "2"}}) == []
    told = differences(old, {**old, "read": {"a voc": {"error": 1.0, "images_lost": 1}}})
    assert told == ["read/a voc/error: 0.0 is 1.0 now", "read/a voc/images_lost: None is 1 now"]
