"""VOC's form as annotation tools leave it, without VOC's folders."""

import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from resdet.data.discover import discover
from resdet.data.voc.check import check_voc
from resdet.data.voc.layout import voc_layout, xml_folder
from resdet.data.voc.reader import load_voc


def annotate(path: Path, name="cat", xmax=20) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    corners = f"<xmin>1</xmin><ymin>1</ymin><xmax>{xmax}</xmax><ymax>15</ymax>"
    path.write_text(
        "<annotation><size><width>60</width><height>40</height></size>"
        f"<object><name>{name}</name><bndbox>{corners}</bndbox></object></annotation>"
    )


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((40, 60, 3), 127, np.uint8))


@pytest.mark.parametrize(
    ("images", "annotations"),
    [(".", "."), ("photos", "labels xml"), ("a", "a"), ("images", "."), ("JPEGImages", "xml")],
)
def test_labelimg_writes_anywhere(tmp_path, images, annotations):
    for stem, name in (("1", "dog"), ("2", "cat")):
        picture(tmp_path / images / f"{stem}.png")
        annotate(tmp_path / annotations / f"{stem}.xml", name)
    picture(tmp_path / images / "3.png")  # not annotated yet
    (tmp_path / "other.xml").write_text("<project/>")
    data = load_voc(tmp_path, "all")
    assert [Path(r.path).name for r in data.records] == ["1.png", "2.png"]
    assert data.class_names == ("cat", "dog")
    assert data.records[0].ground_truth.boxes.tolist() == [[0, 0, 20, 15]]
    assert check_voc(tmp_path).total("error") == 0


def test_roboflow_has_a_folder_of_each_split(tmp_path):
    for split, name in (("train", "dog"), ("valid", "cat"), ("test", "cat")):
        picture(tmp_path / split / f"{name}.jpg")
        annotate(tmp_path / split / f"{name}.xml", name)
    assert voc_layout(tmp_path).splits() == ["test", "train", "val"]
    data = load_voc(tmp_path, "val")
    assert [r.image_id for r in data.records] == ["valid/cat"]
    assert data.class_names == ("cat", "dog")
    report = check_voc(tmp_path)
    assert report.images == {"test": 1, "train": 1, "val": 1}
    assert report.total("error") == 0


def test_folders_of_images_are_splits_of_annotations_that_lie_in_one(tmp_path):
    for split, name in (("train", "1"), ("train", "2"), ("valid", "3")):
        picture(tmp_path / "images" / split / f"{name}.jpg")
        annotate(tmp_path / "labels" / f"{name}.xml")
    assert discover(tmp_path).counts == {"train": 2, "val": 1}
    assert [record.image_id for record in load_voc(tmp_path, "train").records] == ["1", "2"]
    assert check_voc(tmp_path).images == {"train": 2, "val": 1}
    picture(tmp_path / "images" / "4.jpg")
    annotate(tmp_path / "labels" / "4.xml")
    assert "annotated images in no split: 1; list them to use them" in discover(tmp_path).remarks
    shutil.rmtree(tmp_path / "images" / "valid")
    assert discover(tmp_path).counts == {"all": 3}


def test_cvat_lists_a_default_and_names_its_classes(tmp_path):
    for stem in ("1", "sub/2"):
        picture(tmp_path / f"JPEGImages/{stem}.jpg")
        annotate(tmp_path / f"Annotations/{stem}.xml", "dog")
    lists = tmp_path / "ImageSets/Main"
    lists.mkdir(parents=True)
    (lists / "default.txt").write_text("1\nsub/2\n")
    (lists / "dog_default.txt").write_text("1 1\n")
    colours = "# label:color_rgb:parts:actions\nbackground:0,0,0::\nzebra:1,2,3::\ndog:4,5,6::\n"
    (tmp_path / "labelmap.txt").write_text(colours)
    data = load_voc(tmp_path, "default")
    assert voc_layout(tmp_path).splits() == ["default"]
    assert data.class_names == ("zebra", "dog")
    assert [r.image_id for r in data.records] == ["1", "sub/2"]


def test_suffixes_in_capitals(tmp_path):
    picture(tmp_path / "1.JPG")
    annotate(tmp_path / "1.XML")
    (record,) = load_voc(tmp_path, "all").records
    assert record.path == tmp_path / "1.JPG"
    assert len(record.ground_truth) == 1


@pytest.mark.parametrize("empty", ["JPEGImages", "Annotations"])
def test_an_empty_folder_of_vocs_name_is_not_the_place(tmp_path, empty):
    (tmp_path / empty).mkdir()
    picture(tmp_path / "photos/1.jpg")
    annotate(tmp_path / "xml/1.xml")
    assert len(load_voc(tmp_path, "all")) == 1


def test_xml_of_another_kind_before_the_annotations(tmp_path):
    for number in range(30):
        (tmp_path / f"{number}.xml").write_text("<project/>")
        (tmp_path / f"._{number}.xml").write_bytes(b"\0\5\x16")
    picture(tmp_path / "z.jpg")
    annotate(tmp_path / "z.xml")
    assert xml_folder(tmp_path) == tmp_path
    assert len(load_voc(tmp_path, "all")) == 1


def test_folders_of_classes_on_both_sides(tmp_path):
    for name in ("cat", "dog"):
        picture(tmp_path / f"images/{name}/1.jpg")
        annotate(tmp_path / f"labels/{name}/1.xml", name)
    assert [r.image_id for r in load_voc(tmp_path, "all").records] == ["cat/1", "dog/1"]


def test_a_class_called_train_is_no_split(tmp_path):
    for name in ("bus", "train"):
        picture(tmp_path / f"{name}/{name}.jpg")
        annotate(tmp_path / f"{name}/{name}.xml", name)
    assert voc_layout(tmp_path).splits() == []
    assert len(load_voc(tmp_path, "all")) == 2
    (tmp_path / "bus").rename(tmp_path / "Validation")
    (tmp_path / "train").rename(tmp_path / "Train")
    assert voc_layout(tmp_path).splits() == ["train", "val"]


def test_a_list_of_a_class_says_so_of_each_image(tmp_path):
    lists = tmp_path / "ImageSets/Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("1\n2\n")
    (lists / "small_train.txt").write_text("1\n")
    (lists / "cat_train.txt").write_text("1  1\n2 -1\n")
    annotate(tmp_path / "Annotations/1.xml")
    picture(tmp_path / "JPEGImages/1.jpg")
    assert voc_layout(tmp_path).splits() == ["small_train", "train"]
    (lists / "labels.txt").write_text("cat\ndog\n")
    assert voc_layout(tmp_path).splits() == ["small_train", "train"]
    assert discover(tmp_path).remarks == ("passed over: lists that name no image: 1: labels.txt",)


def test_of_two_images_of_a_name_one_is_told(tmp_path):
    for suffix in (".jpg", ".png", ".bmp"):
        picture(tmp_path / f"1{suffix}")
    annotate(tmp_path / "1.xml")
    line = "left out: images with the name of another but for the suffix: 2: 1.bmp, 1.png"
    assert discover(tmp_path).remarks == (line,)
