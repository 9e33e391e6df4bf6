"""YOLO data as ultralytics, Roboflow, CVAT and LabelImg lay it out, and its broken lines."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from resdet.data.catalog import load_dataset
from resdet.data.yolo.reader import load_yolo

LINE = "1 0.5 0.5 0.2 0.1\n"  # of 60 x 40: 24 18 36 22


def picture(path: Path, label: str | None = LINE, labels: Path | None = None) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((40, 60, 3), 127, np.uint8))
    if label is not None:
        target = labels or path.with_suffix(".txt")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(label)


def roboflow(root):
    for split in ("train", "valid", "test"):
        picture(root / split / "images/a.jpg", LINE, root / split / "labels/a.txt")
    (root / "data.yaml").write_text(
        "train: ../train/images\nval: ../valid/images\ntest: ../test/images\n\n"
        "nc: 2\nnames: ['no', 'yes']\n\nroboflow:\n  license: none\n"
    )


def ultralytics(root):
    for split in ("train", "val", "test"):
        picture(root / f"images/{split}/a.jpg", LINE, root / f"labels/{split}/a.txt")
    (root / "coco8.yaml").write_text(
        "path: ../datasets/coco8\ntrain: images/train\nval: [images/val]\ntest: images/test\n"
        "names:\n  0: no\n  1: yes\n"
    )


def cvat_ultralytics(root):
    for split in ("train", "val", "test"):
        picture(root / f"images/{split}/a.jpg", LINE, root / f"labels/{split}/a.txt")
        (root / f"{split}.txt").write_text(f"data/images/{split}/a.jpg\n")
    (root / "data.yaml").write_text(
        "path: ./\ntrain: train.txt\nval: val.txt\ntest: test.txt\nnames:\n  0: no\n  1: yes\n"
    )


def cvat_darknet(root):
    for split in ("train", "valid", "test"):
        picture(root / f"obj_{split}_data/a.jpg")
        (root / f"{split}.txt").write_text(f"data/obj_{split}_data/a.jpg\n")
    (root / "obj.names").write_text("no\nyes\n")
    (root / "obj.data").write_text(
        "classes = 2\ntrain = data/train.txt\nvalid = data/valid.txt\ntest = data/test.txt\n"
        "names = data/obj.names\nbackup = backup/\n"
    )


def labelimg(root):
    for split in ("train", "val", "test"):
        picture(root / f"{split}/a.jpg")
    (root / "train/classes.txt").write_text("no\nyes\n")


@pytest.mark.parametrize("lay", [roboflow, ultralytics, cvat_ultralytics, cvat_darknet, labelimg])
@pytest.mark.parametrize("split", ["train", "val", "test", "all"])
def test_layouts(tmp_path, lay, split):
    lay(tmp_path / "mine")
    data = load_dataset(f"yolo:mine:{split}", tmp_path)
    assert data.class_names == ("no", "yes")
    assert len(data) == (3 if split == "all" else 1)
    assert data.records[0].ground_truth.boxes.tolist() == [[24, 18, 36, 22]]
    assert data.records[0].ground_truth.labels.tolist() == [1]
    assert (data.records[0].height, data.records[0].width) == (40, 60)
    assert len({record.image_id for record in data.records}) == len(data)


def test_polygons_are_boxed_and_told(tmp_path, caplog):
    picture(tmp_path / "a.jpg", "0 0.1 0.2 0.5 0.2 0.3 0.9\n0.0 0.5 0.5 0.2 0.1\n\n")
    data = load_yolo(tmp_path, "all")
    assert data.records[0].ground_truth.boxes.tolist() == [[6, 8, 30, 36], [24, 18, 36, 22]]
    assert data.class_names == ("class_0",)
    assert "polygons: 1, taken as their boxes" in caplog.text


def test_keypoints_follow_the_box(tmp_path):
    picture(tmp_path / "images/a.jpg", LINE.replace("1 ", "0 ", 1).strip() + " 0.1 0.9 2\n",
            tmp_path / "labels/a.txt")  # fmt: skip
    (tmp_path / "data.yaml").write_text("train: images\nkpt_shape: [1, 3]\nnc: 1\n")
    data = load_yolo(tmp_path, "train")
    assert data.records[0].ground_truth.boxes.tolist() == [[24, 18, 36, 22]]
    assert data.class_names == ("class_0",)


def test_an_image_without_labels_is_background(tmp_path):
    labelimg(tmp_path)
    picture(tmp_path / "train/b.jpg", None)
    data = load_yolo(tmp_path, "train")
    assert [len(record.ground_truth) for record in data.records] == [1, 0]


def test_a_test_split_may_be_unlabelled(tmp_path):
    labelimg(tmp_path)
    (tmp_path / "test/a.txt").unlink()
    assert load_yolo(tmp_path, "test").records[0].ground_truth is None
    (tmp_path / "val/a.txt").unlink()
    with pytest.raises(ValueError, match=r"must be the labels of .*val/a.jpg, got none of any"):
        load_yolo(tmp_path, "val")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("0 0.5 0.5 0.2", "line 1: must be class x y width height, .* got 4 words"),
        ("0 0.5 0.5 0.2 0.1 0.9", "six numbers are a prediction with its score"),
        ("0 30 20 12 4", "must be fractions of the image, 0 to 1, got '30'; divide pixels"),
        ("0 0.5 nan 0.2 0.1", "got 'nan'"),
        ("2 0.5 0.5 0.2 0.1", "class must be 0 to 1, got '2'; data.yaml names no, yes"),
        ("cat 0.5 0.5 0.2 0.1", "class must be 0 to 1, got 'cat'"),
        ("0 0.5 0.5 -0.2 0.1", "width and height must be 0 or more, got -0.2 0.1"),
        ("0 2.1 0.5 0.2 0.1", "fractions of the image, 0 to 1, got '2.1'; divide pixels"),
    ],
)
def test_broken_lines(tmp_path, line, told):
    roboflow(tmp_path)
    (tmp_path / "train/labels/a.txt").write_text(line)
    with pytest.raises(ValueError, match=told):
        load_yolo(tmp_path, "train")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("train: nowhere\nnames: [a]", "train must name a folder .*got 'nowhere'; looked for"),
        ("train: /etc\nnames: [a]", "train must name a folder or a list of images in"),
        ("train: train/images\nnames: {0: a, 2: b}", "numbered from 0 without a gap, got 0, 2"),
        ("train: train/images\nnames: [a]\nnc: 2", "nc must be 1, .*got 2"),
        ("train: train/images\nnames: a", "names must be a list"),
        ("train: train/images\nnames: [a, a]", "got 'a' more than once"),
    ],
)
def test_a_broken_data_yaml(tmp_path, content, told):
    roboflow(tmp_path)
    (tmp_path / "train/labels/a.txt").write_text("0 0.5 0.5 0.2 0.1")
    (tmp_path / "data.yaml").write_text(content)
    with pytest.raises(ValueError, match=told):
        load_yolo(tmp_path, "train")


def test_boxes_that_leave_their_image_are_no_fault(tmp_path):
    roboflow(tmp_path)
    lines = "0 1.05 0.5 0.2 0.2\n0 -0.05 -0.05 0.2 0.2\n0 0.9 0.1 1.3 0.2 0.9 0.4\n"
    (tmp_path / "train/labels/a.txt").write_text(lines)
    boxes = load_yolo(tmp_path, "train").records[0].ground_truth.boxes.tolist()
    assert boxes == [[57, 16, 69, 24], [-9, -6, 3, 2], [54, 4, 78, 16]]


def test_a_split_that_is_not_there_names_those_that_are(tmp_path):
    roboflow(tmp_path)
    with pytest.raises(ValueError, match="split must be one of train, val, test, got 'trian'"):
        load_yolo(tmp_path, "trian")


def test_other_classes_than_the_files(tmp_path):
    roboflow(tmp_path)
    with pytest.raises(ValueError, match=r"must be those of .*data.yaml, \['no', 'yes'\]"):
        load_dataset("yolo:.:train", tmp_path, class_names=["yes", "no"])
