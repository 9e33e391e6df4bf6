"""What was found, and which split is for what."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from resdet.data.found import Found, in_no_split, of_folders
from resdet.data.source import Source
from resdet.structures.corners import Corners


def found(*splits, names=("cat", "dog"), own=True, read=None):
    sources = {name: Source("voc", Path("x"), name) for name in splits}
    counts = dict.fromkeys(splits, 3)
    return Found(Path("/data"), "voc", read, "a.xml", names, sources, counts, ("a remark",), own)


@pytest.mark.parametrize(
    ("splits", "train", "watch", "measure"),
    [
        (("train", "val", "test"), "train", "val", "test"),
        (("train", "test"), "train", "test", "test"),
        (("trainval", "test", "train", "val"), "trainval", "test", "test"),
        (("trainval",), "trainval", None, "trainval"),
        (("all",), None, None, "all"),
        (("val",), None, "val", "val"),
    ],
)
def test_splits_by_what_they_are_for(splits, train, watch, measure):
    one = found(*splits)
    assert (one.to_train, one.to_watch, one.to_measure) == (train, watch, measure)


def test_what_is_divided_where_nothing_is_held_out():
    assert found("all").to_divide == "all"
    assert found("default", "train").to_divide == "default"
    assert found("mine").to_divide == "mine"
    assert found("mine", "yours").to_divide is None
    with pytest.raises(
        ValueError, match="--split must be given for /data, whose splits are mine, y"
    ):
        _ = found("mine", "yours").to_measure


def test_a_split_is_loaded_where_it_lies():
    seen = []
    one = found("train", read=lambda *source, **more: seen.append((*source, more)) or "data")
    assert one.load("train", images=False) == "data"
    assert seen == [(Source("voc", Path("/data/x"), "train"), {"class_names": (), "images": False})]
    with pytest.raises(ValueError, match="split of /data must be one of train, got 'val'"):
        one.load("val")


def test_it_is_told_in_lines_and_in_keys():
    one = found("test", "mine", "train", names=tuple("abcdefghi"), own=False)
    assert one.ordered() == ["train", "test", "mine"]
    assert one.lines() == [
        "data     /data: VOC, found in a.xml",
        "classes  9: a, b, c, d, e, f, g, h, ...",
        "splits   train 3, test 3, mine 3",
        "         a remark",
    ]
    keys = one.key_values(training=True)
    values = {key: json.loads(value) for key, value in zip(keys[::2], keys[1::2], strict=True)}
    assert values["DATASETS.TRAIN"] == [str(one.splits["train"])]
    assert values["DATASETS.TEST"] == [str(one.splits["test"])]
    assert values["DATASETS.CLASSES"] == list("abcdefghi")
    assert values["MODEL.ROI_HEADS.NUM_CLASSES"] == 9
    assert json.loads(dict(zip(keys[::2], keys[1::2]))["DATASETS.ROOT"]) == "/data"
    assert found("train").key_values(training=False)[3] == "[]"


def test_images_in_no_split_have_a_way_out():
    assert in_no_split(2, None) == "annotated images in no split: 2; list them to use them"
    assert in_no_split(2, Path("m")).endswith("; list them, or delete m to split anew")


def test_remarks_stand_where_they_belong():
    one = replace(found("train"), lost=("left out",), of_classes=("of names",), own_classes=False)
    assert [line.strip() for line in one.lines()[2:]] == [
        *("of names", "splits   train 3", "left out", "a remark"),
    ]
    assert "left out" not in str(one.lines(reading=True))
    assert "of names" not in str(one.called(("cow",)).lines())


def test_folders_are_told_where_there_are_several():
    assert of_folders(["a/1", "a/2"]) == of_folders(["1", "2"]) == ""
    assert of_folders(["b/1", "2", "a/b/1"]) == " in 3 folders: ., a/b, b"
    assert of_folders(f"{n}/1" for n in range(9)).endswith(
        " in 9 folders: 0, 1, 2, 3, 4, 5, 6, 7, ..."
    )


def test_the_user_says_the_classes_of_data_that_does_not():
    seen = []
    one = found("train", own=False, read=lambda source, **more: seen.append(more["class_names"]))
    one.load("train")
    one.called(("dog", "cow")).load("train")
    one.called(()).load("train")
    assert seen == [("cat", "dog"), ("dog", "cow"), ("cat", "dog")]
    assert found("train").called(("cat", "dog")).class_names == ("cat", "dog")
    with pytest.raises(ValueError, match="must be cat, dog, got cow; its files name them: leave"):
        found("train").called(("cow",))


def test_corners_are_said_or_kept():
    judged = Corners("0-continuous", ", as x writes them")
    one = replace(found("train"), corners=judged)
    assert one.lines()[-2] == "corners  0-continuous, as x writes them"
    assert one.counted("auto") is one
    told = one.counted("1-continuous")
    assert told.lines()[-2] == (
        "corners  1-continuous, as said; the files say 0-continuous, as x writes them"
    )
    assert told.source("train").corners == "1-continuous"
    keys = told.key_values(training=True)
    assert keys[keys.index("DATASETS.VOC_CORNERS") + 1] == '"1-continuous"'
    assert one.as_kept("0-continuous", "as kept") is one  # with its reason
    assert str(one.as_kept("0-inclusive", "as kept").corners) == (
        "0-inclusive, as kept; the files say 0-continuous, as x writes them"
    )
    assert one.as_kept("auto", "as kept") is one
    assert found("train").as_kept("0-inclusive", "as kept").corners is None  # of no VOC
    with pytest.raises(ValueError, match="--voc-corners goes with VOC, got COCO in /data; leave"):
        replace(one, kind="coco").counted("0-inclusive")
