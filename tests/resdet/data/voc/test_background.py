"""Images that are listed and have no annotation: whose tool leaves it out, and whose does not."""

import pytest

from resdet.data.discover import discover
from resdet.data.voc.background import is_labelled
from resdet.data.voc.check import check_voc
from resdet.data.voc.fix import fix_voc
from resdet.data.voc.reader import load_voc

UNKNOWN = "<database>Unknown</database><annotation>Unknown</annotation><image>Unknown</image>"
THING = (
    "<object><name>cat</name><bndbox><xmin>0</xmin><ymin>0</ymin><xmax>9.5</xmax><ymax>9</ymax>"
    "</bndbox></object>"
)
LINE = (
    "taken as background: listed images without an annotation, as CVAT and datumaro leave those "
    "without objects: 1: b.jpg"
)


def of(source, depth="<depth>3</depth>"):
    size = f"<size><width>60</width><height>40</height>{depth}</size>"
    return f"<source>{source}</source>{size}{THING}"


@pytest.mark.parametrize("body", [of(UNKNOWN), of(UNKNOWN, "<depth></depth>")])
def test_datumaro_writes_none_for_an_image_without_objects(write_voc, tmp_path, body):
    root = write_voc({"a": body, "b": ""}, split="default")
    (root / "Annotations/b.xml").unlink()
    (root / "labelmap.txt").write_text(
        "# label:color_rgb:parts:actions\nbackground:::\ncat:::\ndog:::\n"
    )
    found = discover(root)
    assert (found.counts, found.class_names, found.lost) == (
        {"default": 2},
        ("cat", "dog"),
        (LINE,),
    )
    data = found.load("default")
    assert data.records[0].ground_truth.boxes.tolist() == [[0, 0, 9.5, 9]]
    assert len(data.records[1].ground_truth) == 0
    assert data.remarks == (f"{root}: {LINE}",)
    report = check_voc(root, full=False)
    told = {kind.name: cases for kind, cases in report.found.items()}
    assert (report.total("error"), told["annotation left out"]) == (
        0,
        [str(root / "Annotations/b.xml")],
    )
    lines = []
    fix_voc(root, tmp_path / "out", full=False, say=lines.append)
    assert "fixed: listed images without an annotation, given one without objects: 1" in lines
    copy = load_voc(tmp_path / "out", "default")
    assert [record.ground_truth.boxes.tolist() for record in copy.records] == [[[0, 0, 9.5, 9]], []]
    assert copy.class_names == ("cat", "dog")


@pytest.mark.parametrize("body", [of(""), ""])
def test_of_no_other_tool_is_it_known(write_voc, body):
    root = write_voc({"a": of(UNKNOWN), "b": "", "c": body})
    (root / "Annotations/b.xml").unlink()
    told = (
        r"b\.xml must be the annotation of a listed image, got no file; add it, or where the image"
    )
    with pytest.raises(ValueError, match=told):
        load_voc(root, "train")
    assert discover(root).lost == ()
    assert check_voc(root, full=False).total("error") == 1


def test_a_test_split_without_any_annotation_is_unlabelled(write_voc):
    root = write_voc({"a": of(UNKNOWN)})
    root = write_voc({"b": ""}, split="test")
    (root / "Annotations/b.xml").unlink()
    assert load_voc(root, "test").records[0].ground_truth is None
    assert discover(root).lost == ()
    assert [is_labelled(split, ["b"], {"a"}) for split in ("test", "val")] == [False, True]
