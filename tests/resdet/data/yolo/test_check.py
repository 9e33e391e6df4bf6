"""What is wrong with YOLO's labels."""

import sys

import pytest

from backbones.images.check_kinds import UNREADABLE
from resdet.data.check_boxes import WITHOUT_IMAGE
from resdet.data.discover import discover
from resdet.data.yolo.check import check, check_yolo


def names(report):
    return {kind.name: len(cases) for kind, cases in report.found.items()}


def test_sound_data_are_counted(tmp_path, lay):
    lay.yolo(tmp_path, 3)
    report = check_yolo(tmp_path, full=False)
    assert report.images == {"train": 3}
    assert report.classes == {"train": {"cat": 3, "dog": 0}}
    assert report.total("error") == 0


def test_every_fault_is_told_at_once(tmp_path, lay):
    lay.yolo(tmp_path, 5)
    labels = tmp_path / "labels"
    (labels / "0.txt").write_text("0 0.5 0.5\n")
    (labels / "1.txt").write_text("7 0.5 0.5 0.2 0.1\n")
    (labels / "2.txt").write_text("0 0.1 0.1 0.5 0.1 0.5 0.5\n")
    (labels / "3.txt").unlink()
    (tmp_path / "images/4.jpg").write_bytes(b"")
    found = names(check_yolo(tmp_path, full=False))
    assert found["broken annotation"] == 2
    assert (found["polygons"], found["no label file"], found["unreadable image"]) == (1, 1, 1)


def test_a_split_that_is_not_there_and_data_of_another_form(tmp_path, lay):
    lay.yolo(tmp_path / "mine")
    with pytest.raises(ValueError, match="split of .* must be one of train, got 'val'"):
        check(discover(tmp_path / "mine"), ["val"], full=False)
    assert check(discover(tmp_path / "mine"), ["train"], full=False).images == {"train": 10}
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="must hold YOLO data, got none"):
        check_yolo(tmp_path / "empty")


def test_labels_without_an_image_are_told_and_what_lies_there_instead(tmp_path, lay):
    lay.yolo(tmp_path, 5)
    (tmp_path / "images/0.jpg").unlink()
    (tmp_path / "images/1.jpg").rename(tmp_path / "images/1.psd")
    report = check_yolo(tmp_path, full=False)
    assert report.found[WITHOUT_IMAGE] == [
        f"{tmp_path}/labels/0.txt",
        f"{tmp_path}/labels/1.txt; 1.psd lies there, which is of no kind that is read",
    ]


def test_an_image_without_its_decoder_says_what_reads_it(tmp_path, lay, monkeypatch):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    lay.yolo(tmp_path, 3)
    (tmp_path / "images/0.jpg").unlink()
    (tmp_path / "images/0.HEIC").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    report = check_yolo(tmp_path, full=False)
    assert report.images == {"train": 3}
    (told,) = report.found[UNREADABLE]
    assert told.startswith(f"{tmp_path}/images/0.HEIC: HEIC, which needs a decoder: pip install ")
