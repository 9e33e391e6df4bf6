"""Data in a tool's own files: splits, classes, lists, details."""

from collections import Counter
from pathlib import Path

import pytest

from resdet.data.annotated import Annotated, Annotations, OfTool, Thing, in_splits, list_name
from resdet.data.found import Found
from resdet.data.source import Source


def one(name="a", *things, size=(40, 60)):
    return Annotated(f"{name}.any", Path(f"/data/{name}.jpg"), size, list(things))


def thing(name="cat", **words):
    return Thing(name, (1, 2, 21, 12), **words)


def form(splits, **words):
    words = {"class_names": ("cat", "dog"), "listed": "", **words}
    return OfTool("any", lambda root: Annotations(root, "any", "its file", splits=splits, **words))


ROOT = Path("/data")


def test_splits_are_taken_where_every_image_has_one_or_several_are_named():
    a, b, c = one("a"), one("b"), one("c")
    assert in_splits([("train", a), ("val", b)]) == {"train": [a], "val": [b]}
    assert in_splits([("all", a), ("test", b)]) == {"all": [a, b]}
    assert in_splits([("all", a), ("train", b), ("val", c)]).keys() == {"all", "train", "val"}


def test_what_is_found_and_loaded():
    told = form({"all": [one("a", thing("dog"), thing())]}, passed=Counter(line=2))
    found = told.find(ROOT)
    assert isinstance(found, Found)
    assert (found.counts, found.own_classes) == ({"all": 1}, False)
    assert found.lost == ("left out: shapes that have no box: 2 line",)
    data = found.load("all")
    (record,) = data.records
    assert (record.image_id, record.ground_truth.labels.tolist()) == ("a", [1, 0])
    assert (data.kind, data.metric, data.name) == ("voc", "area", "data_all")
    named = told.load(Source("any", ROOT, "all"), class_names=("dog", "cat"), name="mine")
    assert (named.name, named.records[0].ground_truth.labels.tolist()) == ("mine", [0, 1])
    assert OfTool("any", lambda root: None).find(ROOT) is None
    assert form({}).find(ROOT) is None


def test_details_of_each_object():
    turned = thing(angle=30, attributes={"difficult": True, "wet": True})
    told = form({"all": [one("a", turned, thing(shape=True))]})
    data = told.find(ROOT).load("all")
    first, second = told.details(Source("any", ROOT, "all"), data)[Path("/data/a.jpg")]
    assert (first.attributes, first.shape) == ({"wet": True, "rotation": 30}, False)
    assert (second.attributes, second.shape) == ({}, True)
    assert data.records[0].ground_truth.difficult.tolist() == [True, False]


def test_a_list_names_paths_below_the_root(tmp_path):
    told = form({"train": [one("a", thing())], "val": [one("b")]})
    listing = tmp_path / "mine.txt"
    listing.write_text("b.jpg\na.jpg\n")
    data = told.load(Source("any", ROOT, listing=listing))
    assert [list_name(Source("any", ROOT), r) for r in data.records] == ["b.jpg", "a.jpg"]
    listing.write_text("c.jpg\n")
    with pytest.raises(ValueError, match="must list annotated images of /data, got 'c.jpg'; drop"):
        told.load(Source("any", ROOT, listing=listing))
    with pytest.raises(ValueError, match=r"gone.txt must be a list of images, got none; make"):
        told.load(Source("any", ROOT, listing=tmp_path / "gone.txt"))


def test_all_is_every_split_and_others_must_be_there():
    told = form({"train": [one("a")], "val": [one("b")]})
    assert len(told.load(Source("any", ROOT, "all"))) == 2
    with pytest.raises(ValueError, match="split must be one of train, val, got 'test'; see its f"):
        told.load(Source("any", ROOT, "test"))


def test_every_fault_is_told():
    told = form({"all": [one("a", thing("cow")), one("b", thing("cow"))]}, faults=("x is broken",))
    with pytest.raises(
        ValueError,
        match=r"has 2 faults:\n  x is broken\n  a.any and 1 more: class "
        "must be one of .*, got 'cow'; rename it or list it in --classes",
    ):
        told.load(Source("any", ROOT, "all"))


def test_thin_and_turned_objects_are_warned_of(caplog):
    thin = Thing("cat", (1, 2, 1.5, 9))
    form({"all": [one("a", thin, thing(angle=45), thing(angle=180))]}).find(ROOT).load("all")
    assert "boxes with a side of at most 1 pixel: 1" in caplog.text
    assert "the box before the turn is read: 1" in caplog.text
