"""YOLO's form as it is written."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from backbones.files.plain_yaml import read_yaml
from resdet.data.programs import Words
from resdet.data.writing import IDS, Details, Picture
from resdet.data.yolo import write as yolo
from resdet.data.yolo.write import write
from resdet.structures.records import GroundTruth, ImageRecord


def picture(name, truth=None, details=()):
    return Picture(
        ImageRecord(name, Path(f"in/{name}.jpg"), 40, 80, truth), f"{name}.jpg", 1, details
    )


def test_boxes_are_fractions_and_lists_tell_what_folders_cannot(tmp_path):
    truth = GroundTruth(
        np.array([[20, 10, 60, 30], [-16, 0, 8, 40], [0, 0, 8, 8]]),
        [1, 0, 0],
        difficult=np.array([True, False, False]),
        crowd=np.array([False, False, True]),
    )
    details = [Details({"truncated": 1}, entry={"id": 1}), Details({"truncated": 0}), Details()]
    a, b = picture("a", truth, details), picture("b")
    told = Counter()
    places = write(tmp_path, {"trainval": [a, b], "train": [a]}, ("no", "cat"), (1, 2), told)
    assert places == {
        Path("in/a.jpg"): Path("images/train/a.jpg"),
        Path("in/b.jpg"): Path("images/trainval/b.jpg"),
    }
    lines = (tmp_path / "labels/train/a.txt").read_text().splitlines()
    assert lines == ["1 0.5 0.5 0.5 0.5", "0 0.05 0.5 0.1 1"]  # the second one clipped
    assert not (tmp_path / "labels/trainval").exists()
    content = read_yaml(tmp_path / "data.yaml")
    assert content == {
        "trainval": "trainval.txt",
        "train": "images/train",
        "val": "images/train",
        "nc": 2,
        "names": {0: "no", 1: "cat"},
    }
    listed = (tmp_path / "trainval.txt").read_text().splitlines()
    assert listed == ["./images/train/a.jpg", "./images/trainval/b.jpg"]
    assert +told == {
        yolo.DIFFICULT: 1,
        yolo.ATTRIBUTES: 1,
        yolo.OUTSIDE: 1,
        yolo.CROWD_TO_YOLO: 1,
        IDS: 1,
        yolo.NO_SPLIT.format(key="val", other="train"): 1,
    }


@pytest.mark.parametrize(
    ("there", "val", "train"),
    [
        ("train", "images/train", "images/train"),
        ("val", "images/val", "images/val"),
        ("test", "images/test", "images/test"),
        ("train test", "images/train", "images/train"),
        ("trainval test", "images/trainval", "images/trainval"),
    ],
)
def test_train_and_val_are_always_named(tmp_path, there, val, train):
    told = Counter()
    splits = {split: [picture(split, GroundTruth([], []))] for split in there.split()}
    write(tmp_path, splits, ("cat",), (1,), told)
    content = read_yaml(tmp_path / "data.yaml")
    assert (content["val"], content["train"]) == (val, train)
    assert sum("refuse it" in line for line in told) == len({"train", "val"} - splits.keys())


def test_words_of_programs(tmp_path):
    splits = {"train": [picture("a", GroundTruth([], []))]}
    words = Words(val=False, counted=False, listed=True)
    told = Counter()
    write(tmp_path, splits, (" no", "cat\u2028dog"), (1, 2), told, words)
    content = read_yaml(tmp_path / "data.yaml")
    assert content == {"train": "images/train", "names": {0: "no", 1: "cat_dog"}}
    assert (tmp_path / "labels/train/classes.txt").read_text() == "no\ncat_dog\n"


def test_a_split_has_a_name_of_yolos(tmp_path):
    fault = "split must be one of train, val, test, trainval in YOLO's form, got 'all'; choose"
    with pytest.raises(ValueError, match=fault):
        write(tmp_path, {"all": []}, (), (), Counter())
