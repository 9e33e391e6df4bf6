"""A corrected copy of YOLO data, and what it never loses."""

import cv2
import numpy as np
import pytest

from backbones.images.decoding import image_size
from resdet.data.check import check_found
from resdet.data.discover import discover
from resdet.data.yolo.fix import fix_yolo
from resdet.data.yolo.reader import load_yolo


@pytest.fixture
def dirty(tmp_path, lay, turn_by_exif):
    root = tmp_path / "mine"
    lay.yolo(root, 6)
    for number, text in enumerate(
        [
            "1 1.05 0.5 0.2 0.2\n0 1.5 0.5 0.2 0.2\n",  # in part, wholly outside
            "0 0.5 0.5 -0.2 0.1\n7 0.5 0.5 0.2 0.1\n0 30 20 12 4\n",
            "0 0.9 0.1 1.3 0.2 0.9 0.4\n0 0.1 0.2 0.3 0.2 0.3 0.9\n",
            "0 0.50000 0.5 0.2 0.1\n0 0.5 0.5 0.2 0.1\n",  # twice
        ]
    ):
        (root / f"labels/{number}.txt").write_text(text)
    (root / "labels/4.txt").unlink()
    turn_by_exif(root / "images/4.jpg")
    (root / "images/5.jpg").write_bytes(b"")
    (root / "data.yaml").write_text(
        "train: images\nval: val.txt\nroboflow: {version: 2}\nnames: [cat, no]\n"
    )
    (root / "val.txt").write_text("images/3.jpg\nimages/4.jpg\n")
    return root


def test_a_copy_has_what_can_be_mended_and_nothing_else_changed(dirty, tmp_path):
    before = {p: p.read_bytes() for p in dirty.rglob("*") if p.is_file()}
    lines = []
    fix_yolo(dirty, tmp_path / "out", full=False, say=lines.append)
    assert {p: p.read_bytes() for p in dirty.rglob("*") if p.is_file()} == before
    out = tmp_path / "out"
    text = {file.name: file.read_text() for file in (out / "labels").iterdir()}
    assert text == {
        "0.txt": "1 0.975 0.5 0.05 0.2\n",
        "1.txt": "0 0.5 0.5 0.2 0.1\n",
        "2.txt": "0 0.9 0.1 1 0.2 0.9 0.4\n0 0.1 0.2 0.3 0.2 0.3 0.9\n",
        "3.txt": "0 0.50000 0.5 0.2 0.1\n",
    }
    assert image_size(out / "images/4.jpg") == (60, 40)
    found = discover(out)
    assert (found.class_names, found.counts) == (("cat", "no"), {"train": 5, "val": 2})
    assert "roboflow:\n  version: 2\n" in (out / "data.yaml").read_text()
    assert lines == [
        "fixed: boxes clipped to their image: 2",
        "fixed: boxes dropped: outside, at most one pixel, or repeated: 2",
        "fixed: boxes with corners swapped back: 1",
        "fixed: images left out: missing, unreadable or truncated: 1",
        "fixed: images turned upright: 1",
        "fixed: objects left out: no numbers, no class or no image: 2",
        f"written: {out}/",
    ]


def test_the_copy_is_checked_by_the_same_splits(dirty, tmp_path):
    reports = list(check_found(discover(dirty), ["val"], tmp_path / "out", full=False))
    assert [report.total("error") for report in reports] == [0, 0]
    assert reports[1].images == {"val": 2}


def test_what_lay_beside_and_had_no_split_or_names(tmp_path, lay):
    root = tmp_path / "mine"
    for name in ("a/images/1.jpg", "a/1.jpg", "b/2.jpg"):
        lay.picture(root / name)
        (root / name).with_suffix(".txt").write_text("1 0.5 0.5 0.2 0.1\n")
    fix_yolo(root, tmp_path / "out", full=False)
    data = load_yolo(tmp_path / "out", "train")
    assert data.class_names == ("class_0", "class_1")
    assert [len(record.ground_truth) for record in data.records] == [1, 1, 1]


def test_labels_in_a_folder_of_another_name_are_not_lost(tmp_path, lay):
    root = tmp_path / "mine"
    lay.yolo(root, 2)
    (root / "data.yaml").unlink()
    (root / "labels").rename(root / "annos")
    fix_yolo(root, tmp_path / "out", full=False)
    data = load_yolo(tmp_path / "out", "train")
    assert [len(record.ground_truth) for record in data.records] == [1, 1]


def test_keypoints_keep_their_points(tmp_path, lay):
    root = tmp_path / "mine"
    lay.yolo(root, 1)
    (root / "labels/0.txt").write_text("0 1.05 0.5 0.2 0.2 0.9 0.5 2\n")
    (root / "data.yaml").write_text("train: images\nkpt_shape: [1, 3]\nnames: [cat]\n")
    fix_yolo(root, tmp_path / "out", full=False)
    assert (tmp_path / "out/labels/0.txt").read_text() == "0 0.975 0.5 0.05 0.2 0.9 0.5 2\n"
    assert "kpt_shape:\n- 1\n- 3\n" in (tmp_path / "out/data.yaml").read_text()


def test_a_copy_without_any_object_is_no_success(tmp_path, lay):
    root = tmp_path / "mine"
    lay.yolo(root, 2)
    for number in range(2):
        (root / f"labels/{number}.txt").write_text("0 30 20 12 4\n")
    told = (
        "--fix must find an object that can be kept in .*mine, got none of 2; see what check-data"
    )
    with pytest.raises(ValueError, match=told):
        fix_yolo(root, tmp_path / "out", full=False)
    assert not (tmp_path / "out").exists()


def test_images_of_16_bits_are_shifted(tmp_path, lay):
    root = tmp_path / "mine"
    lay.yolo(root, 1)
    (root / "images/0.jpg").unlink()
    cv2.imwrite(str(root / "images/0.png"), np.full((40, 60), 4095, np.uint16))
    lines = []
    fix_yolo(root, tmp_path / "out", full=True, say=lines.append)
    assert lines[0] == "fixed: images of 12 bits in 16, written in 8: 1"
