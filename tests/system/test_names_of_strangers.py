"""A name in an annotation is never a way out of the folder of the data."""

import json
import os

import cv2
import numpy as np
import pytest

from resdet.data.coco.reader import load_coco
from resdet.data.validate import Faults
from resdet.data.voc.reader import load_voc
from resdet.data.voc.xml import read_annotation

OUT = ("../secret.jpg", "/etc/passwd", "a/../../secret.jpg", "..\\secret.jpg", "\\secret.jpg")
XML = (
    "<annotation><filename>{}</filename><path>{}</path><object><name>cat</name><bndbox><xmin>1"
    "</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object></annotation>"
)


@pytest.fixture
def root(tmp_path):
    root = tmp_path / "data"
    for folder in ("Annotations", "ImageSets/Main", "JPEGImages"):
        (root / folder).mkdir(parents=True)
    (root / "ImageSets/Main/train.txt").write_text("a\n")
    cv2.imwrite(str(root / "JPEGImages/a.jpg"), np.zeros((20, 30, 3), np.uint8))
    cv2.imwrite(str(tmp_path / "secret.jpg"), np.zeros((99, 99, 3), np.uint8))
    return root


@pytest.mark.parametrize("name", [*OUT, "<script>"])
def test_a_filename_of_voc_is_not_followed(root, name):
    text = name.replace("<", "&lt;")
    (root / "Annotations/a.xml").write_text(XML.format(text, text))
    (record,) = load_voc(root, "train").records
    assert record.path == root / "JPEGImages/a.jpg"
    assert (record.height, record.width) == (20, 30)


@pytest.mark.parametrize("name", OUT)
def test_a_line_of_a_split_is_not_followed(root, name):
    (root / "ImageSets/Main/train.txt").write_text(f"a\n{name.removesuffix('.jpg')}\n")
    (root / "Annotations/a.xml").write_text(XML.format("", ""))
    with pytest.raises(ValueError, match=r"train\.txt must list images of"):
        load_voc(root, "train")


def coco(root, name):
    images = [{"id": 1, "file_name": name, "height": 20, "width": 30}]
    categories = [{"id": 1, "name": "cat"}]
    content = {"images": images, "annotations": [], "categories": categories}
    (root / "c.json").write_text(json.dumps(content))
    return root / "c.json"


@pytest.mark.parametrize("name", OUT)
def test_a_file_name_of_coco_is_not_followed(root, name):
    with pytest.raises(ValueError, match="file_name must name one file in .*JPEGImages"):
        load_coco(coco(root, name), root / "JPEGImages")
    (record,) = load_coco(coco(root, name), None).records  # to score, no file is opened
    assert not record.path.is_absolute()
    assert ".." not in record.path.parts


@pytest.mark.parametrize("name", ["", ".", "a.jpg\0", "a.jpg/b.jpg", "x" * 5000])
def test_a_file_name_that_is_none(root, name):
    with pytest.raises(ValueError, match=r"image 1: file_name must name one file in "):
        load_coco(coco(root, name), root / "JPEGImages")


def test_a_link_that_the_owner_of_the_folder_made_is_followed(root, tmp_path):
    os.symlink(tmp_path / "secret.jpg", root / "JPEGImages/b.jpg")
    (record,) = load_coco(coco(root, "b.jpg"), root / "JPEGImages").records
    assert record.path == root / "JPEGImages/b.jpg"


@pytest.mark.parametrize("depth", [1_000, 100_000])
def test_xml_of_any_depth_is_read_or_told(tmp_path, depth):
    path = tmp_path / "a.xml"
    path.write_text("<a>" * depth + "</a>" * depth)
    faults = Faults("data")
    assert read_annotation(path, faults) is not None or "a.xml" in faults.found[0]
