"""VOC's annotations wherever a tool puts them."""

import pytest

from resdet.data.convert import convert
from resdet.data.discover import discover
from resdet.data.voc.check import check_voc


def test_vocs_own_folders_settle_it(write_voc, tmp_path, lay):
    body = (
        "<size><width>60</width><height>40</height></size><object><name>cat</name><bndbox>"
        "<xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>"
    )
    for split in ("train", "val", "trainval", "test"):
        root = write_voc({"a": body}, split=split)
    lay.cvat(root)
    found = discover(root)
    assert found.form == "VOC"
    assert (found.to_train, found.to_watch, found.to_measure) == ("trainval", "test", "test")
    assert discover(f"coco:{root}").form == "COCO"


def test_images_that_no_list_of_the_user_names(write_voc):
    root = write_voc({"a": "", "b": ""}, split="train")
    (root / "ImageSets/Main/train.txt").write_text("a\n")
    assert discover(root).remarks == ("annotated images in no split: 1; list them to use them",)


@pytest.mark.parametrize(
    ("annotations", "images"),
    [
        ("{}/annotations", "{}/images"),
        ("{}/Annotations", "{}/JPEGImages"),
        ("annotations/{}", "images/{}"),
    ],
)
def test_voc_by_split(tmp_path, annotations, images, lay):
    for split in ("train", "valid"):
        lay.labelimg(tmp_path / "flat", 3)
        (tmp_path / annotations.format(split)).mkdir(parents=True)
        for file in sorted((tmp_path / "flat").iterdir()):
            place = annotations if file.suffix == ".xml" else images
            target = tmp_path / place.format(split) / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            file.rename(target)
        (tmp_path / "flat").rmdir()
    found = discover(tmp_path)
    assert found.form == "VOC"
    assert (found.counts, found.to_watch) == ({"train": 3, "val": 3}, "val")
    first = found.load("val").records[0]
    assert (first.image_id, first.path) == ("valid/0", tmp_path / images.format("valid") / "0.jpg")
    assert len(first.ground_truth) == 1
    assert check_voc(tmp_path).total("error") == 0
    convert(found, tmp_path.parent / f"{tmp_path.name}_yolo", "yolo")


def test_lists_where_none_are_looked_for_are_told(tmp_path, lay):
    lay.labelimg(tmp_path, 3)
    (tmp_path / "train.txt").write_text("0\n")
    line = (
        "WARNING: your lists are NOT used: train.txt; move them to ImageSets/Main/, and delete "
        "resdet_splits if it is there"
    )
    assert discover(tmp_path).remarks == (line,)


def test_folders_that_are_read_together_are_told(tmp_path, lay):
    for name in ("a", "b"):
        lay.labelimg(tmp_path / name, 2)
    assert discover(tmp_path).why == "*.xml in 2 folders: a, b"


def test_what_a_file_name_says_is_shown(tmp_path, lay):
    lay.labelimg(tmp_path, 1)
    (tmp_path / "0.jpg").rename(tmp_path / "a.jpg")
    file = tmp_path / "0.xml"
    text = file.read_text()
    file.write_text(text.replace("<object>", "<filename>../x/b.jpg</filename><object>"))
    told = r"write the image's into <filename> \(0\.xml says \.\./x/b\.jpg\)$"
    with pytest.raises(ValueError, match=told):
        discover(tmp_path)


@pytest.mark.parametrize("place", [".", "ImageSets", "photos"])
def test_lists_beside_the_images_are_the_splits(tmp_path, lay, place):
    lay.labelimg(tmp_path / "photos", 4)
    lists = {"train": "0.jpg\n1\n", "Valid": "# mine\nphotos/2.jpg\n", "trainval": "0\n1\n2\n"}
    (tmp_path / place).mkdir(exist_ok=True)
    for name, text in lists.items():
        (tmp_path / place / f"{name}.txt").write_text(text)
    found = discover(tmp_path)
    assert found.counts == {"train": 2, "trainval": 3, "val": 1}
    inner = "" if place == "." else f"{place}/"
    assert found.remarks == (
        "annotated images in no split: 1; list them to use them",
        f"splits by your {inner}train.txt, {inner}trainval.txt, {inner}Valid.txt",
    )
    assert [r.image_id for r in found.load("val").records] == ["2"]
    assert check_voc(tmp_path, full=False).images == {"train": 2, "trainval": 3, "val": 1}
    for wrong in ("0\n", "9\n"):  # trained on as well, or not there
        (tmp_path / place / "Valid.txt").write_text(wrong)
        assert discover(tmp_path).counts == {"all": 4}
        assert "NOT used: train.txt, trainval.txt, Valid.txt; move" in discover(tmp_path).remarks[0]
    (tmp_path / place / "Valid.txt").write_text("2\n")
    (tmp_path / "resdet_splits").mkdir()
    assert discover(tmp_path).counts == {"all": 4}


def test_names_of_folders_and_lists_in_other_letters(write_voc):
    root = write_voc({"a": "", "b": ""})
    (root / "ImageSets/Main/train.txt").rename(root / "ImageSets/Main/TRAIN.TXT")
    (root / "ImageSets/Main/valid.txt").write_text("B\n")
    (root / "ImageSets/Main/._train.txt").write_bytes(b"\0\5\x16a\n")
    (root / "ImageSets/Main").rename(root / "ImageSets/main")
    (root / "ImageSets").rename(root / "imagesets")
    found = discover(root)
    assert (found.counts, found.to_watch, found.remarks) == ({"train": 2, "val": 1}, "val", ())
    assert [r.image_id for r in found.load("val").records] == ["b"]
