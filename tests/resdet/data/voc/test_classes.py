"""Which classes VOC data has: the name of its folder proves nothing."""

import pytest

from resdet.data.discover import discover
from resdet.data.voc import classes
from resdet.data.voc.check import check_voc
from resdet.data.voc.reader import load_voc
from resdet.structures.classes import VOC_CLASSES


def of(*names):
    box = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>"
    things = "".join(f"<object><name>{name}</name>{box}</object>" for name in names)
    return f"<size><width>60</width><height>40</height></size>{things}"


def test_a_year_in_a_name_does_not_say_the_classes(write_voc):
    write_voc({"a": of("cat")}, folder="VOC2007", split="test")
    root = write_voc({"b": of("cat", "kangaroo")}, folder="VOC2007", split="trainval")
    for split in ("test", "trainval"):  # one of which names none but VOC's
        assert load_voc(root, split).class_names == ("cat", "kangaroo")
    found = discover(root)
    assert found.class_names == ("cat", "kangaroo")
    assert found.remarks[-1] == "called VOC2007, yet of other classes: its own are taken"
    told = check_voc(root, full=False)
    assert "unknown class" not in {kind.name for kind in told.found}
    assert told.classes["test"] == {"cat": 1, "kangaroo": 0}


def test_vocs_own_data_is_known_by_a_part_of_it(write_voc, monkeypatch):
    monkeypatch.setattr(classes, "_SAMPLE", 3)
    bodies = {f"{n:02}": of(*VOC_CLASSES) for n in range(9)}
    root = write_voc(bodies, folder="VOC2012", listing="00\n")
    read = []
    annotations = classes.read_annotations
    monkeypatch.setattr(
        classes, "read_annotations", lambda a, b, c: read.extend(b) or annotations(a, b, c)
    )
    assert load_voc(root, "train").class_names == VOC_CLASSES
    assert read == ["01", "04", "07"]
    read.clear()
    monkeypatch.setattr(classes, "_SAMPLE", 1)
    assert load_voc(root, "train").class_names == VOC_CLASSES
    assert read == []
    assert discover(root).remarks == ("annotated images in no split: 8; list them to use them",)


def test_a_class_that_only_the_split_names_is_seen(write_voc, monkeypatch):
    monkeypatch.setattr(classes, "_SAMPLE", 1)
    bodies = {"a": of(*VOC_CLASSES), "b": of("zebra")}
    root = write_voc(bodies, folder="VOC2007", listing="b\n")
    assert load_voc(root, "train").class_names == (*VOC_CLASSES, "zebra")


def test_a_labelmap_of_another_tool_names_no_classes(write_voc):
    root = write_voc({"a": of("cat")})
    (root / "labelmap.txt").write_text("item {\n  id: 1\n  name: 'dog'\n}\n")
    assert load_voc(root, "train").class_names == ("cat",)
    (root / "labelmap.txt").write_text("# label:color_rgb:parts:actions\ndog:1,2,3::\ncat:0,0,0::")
    assert load_voc(root, "train").class_names == ("dog", "cat")


def test_the_user_says_the_classes(write_voc):
    root = write_voc({"a": of("cat"), "b": of("dog")})
    found = discover(root).called(("dog", "cat", "cow"))
    assert found.load("train").class_names == ("dog", "cat", "cow")
    assert '["dog", "cat", "cow"]' in found.key_values(training=True)
    with pytest.raises(ValueError, match=r"class must be one of cow, .*got 'dog'; rename it or "):
        discover(root).called(("cow", "cat")).load("train")


def test_an_object_without_a_name_is_no_class(write_voc):
    with pytest.raises(ValueError, match="class must be one of cat, got ''"):
        load_voc(write_voc({"a": of("cat", "")}), "train")


def test_vocs_twenty_for_a_folder_of_some_are_told(write_voc):
    root = write_voc({"a": of("cat"), "b": of("dog")}, folder="VOC2012")
    found = discover(root)
    assert found.class_names == VOC_CLASSES
    assert found.of_classes == (
        "VOC's 20, for the folder is called VOC2012 and all its names are among them; "
        "--classes cat,dog trains these alone",
    )
    assert found.called(("cat", "dog")).of_classes == ()
    (root / "classes.txt").write_text("\n".join(VOC_CLASSES))
    assert discover(root).of_classes == ()
    whole = write_voc({"a": of(*VOC_CLASSES)}, folder="VOC2007")
    assert discover(whole).of_classes == ()


def test_a_class_that_many_files_name_is_one_fault(write_voc):
    root = write_voc({"a": of("dog", "dog"), "b": of("dog"), "c": of("cat")})
    with pytest.raises(
        ValueError, match=r"has 1 fault:\n  a\.xml and 1 more: class must be .*'dog'"
    ):
        load_voc(root, "train", class_names=("cat",))


def test_lists_of_tools_keep_their_order_and_names_without_objects(write_voc):
    root = write_voc({"a": of("cat")})
    (root / "class_names.txt").write_text("_background_\nzebra\ncat\n")  # labelme2voc
    assert load_voc(root, "train").class_names == ("zebra", "cat")
    colours = "# label:color_rgb:parts:actions\nbackground:::\nstop: red:1,2,3::\ncat:4,5,6::\n"
    (root / "labelmap.txt").write_text(colours)
    assert load_voc(root, "train").class_names == ("stop: red", "cat")
    (root / "classes.txt").write_text("\n")
    assert load_voc(root, "train").class_names == ("stop: red", "cat")
    (root / "classes.txt").write_text("cat\nbackground\n")
    assert load_voc(root, "train").class_names == ("cat", "background")
