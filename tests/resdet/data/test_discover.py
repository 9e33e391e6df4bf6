"""A folder of data is enough: its form, classes and splits are found, or made once."""

import json
import os
import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from resdet.data.catalog import load_dataset
from resdet.data.convert import convert
from resdet.data.discover import discover, with_splits
from resdet.data.splits import held_out
from resdet.data.voc.check import check_voc


def picture(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full((40, 60, 3), 127, np.uint8))


def labelimg(root: Path, count=10) -> None:
    for number in range(count):
        picture(root / f"{number}.jpg")
        name = "rare" if number in (3, 7) else "cat"
        (root / f"{number}.xml").write_text(
            f"<annotation><object><name>{name}</name><bndbox><xmin>1</xmin><ymin>1</ymin>"
            "<xmax>20</xmax><ymax>15</ymax></bndbox></object></annotation>"
        )


def coco(names: list[str], label=1) -> dict:
    images = [
        {"id": n, "file_name": name, "height": 40, "width": 60} for n, name in enumerate(names)
    ]
    objects = [
        {"id": n, "image_id": n, "category_id": label, "bbox": [1, 2, 20, 10]}
        for n in range(len(names))
    ]
    categories = [{"id": 1, "name": "cat"}, {"id": 2, "name": "dog"}]
    return {"images": images, "annotations": objects, "categories": categories}


def roboflow(root: Path) -> None:
    for split in ("train", "valid", "test"):
        picture(root / split / "a.jpg")
        content = coco(["a.jpg"])
        for category in content["categories"]:
            category["supercategory"] = "pets"
        content["categories"].insert(0, {"id": 0, "name": "pets", "supercategory": "none"})
        (root / split / "_annotations.coco.json").write_text(json.dumps(content))


def cvat(root: Path, count=10) -> None:
    for number in range(count):
        picture(root / f"images/{number}.jpg")
    (root / "annotations").mkdir()
    content = coco([f"{number}.jpg" for number in range(count)])
    (root / "annotations/instances_default.json").write_text(json.dumps(content))


def yolo(root: Path, count=10) -> None:
    for number in range(count):
        picture(root / f"images/{number}.jpg")
        (root / "labels").mkdir(exist_ok=True)
        (root / f"labels/{number}.txt").write_text("0 0.5 0.5 0.2 0.1\n")
    (root / "data.yaml").write_text("train: images\nnames: [cat, dog]\n")


def test_roboflow_coco(tmp_path):
    roboflow(tmp_path)
    found = discover(tmp_path)
    assert found.form == "COCO"
    assert found.class_names == ("cat", "dog")  # without the placeholder
    assert found.counts == {"test": 1, "train": 1, "val": 1}
    assert (found.to_train, found.to_watch, found.to_measure) == ("train", "val", "test")
    assert found.load("val").records[0].path == tmp_path / "valid/a.jpg"
    assert with_splits(found, tmp_path / "out") is found


def test_a_placeholder_that_is_used_stays(tmp_path):
    roboflow(tmp_path)
    file = tmp_path / "train/_annotations.coco.json"
    content = json.loads(file.read_text())
    content["annotations"][0]["category_id"] = 0
    file.write_text(json.dumps(content))
    assert load_dataset("coco:train/_annotations.coco.json:train", tmp_path).class_names == (
        *("pets", "cat", "dog"),
    )


def test_coco_as_it_is_published(tmp_path):
    for split in ("train2017", "val2017"):
        picture(tmp_path / split / "1.jpg")
        (tmp_path / "annotations").mkdir(exist_ok=True)
        for kind in ("instances", "captions"):
            file = tmp_path / f"annotations/{kind}_{split}.json"
            file.write_text(json.dumps(coco(["1.jpg"])))
    (tmp_path / "annotations/image_info_test2017.json").write_text(
        json.dumps({k: v for k, v in coco(["2.jpg"]).items() if k != "annotations"})
    )
    found = discover(tmp_path)
    assert {split: str(source) for split, source in found.splits.items()} == {
        "train": "coco:annotations/instances_train2017.json:train2017",
        "val": "coco:annotations/instances_val2017.json:val2017",
    }
    assert "image_info_test2017.json, which has no annotations" in found.remarks[0]


@pytest.mark.parametrize("make", [labelimg, cvat, yolo])
def test_a_split_is_made_once(tmp_path, make):
    root, output = tmp_path / "mine", tmp_path / "run"
    make(root)
    found = discover(root)
    made = with_splits(found, output)
    assert "no split to measure on: 20% held out" in made.remarks[-1]
    assert {made.to_train: 8, made.to_watch: 2} == {"train": 8, "test": 2}
    train, test = made.load("train"), made.load("test")
    assert (len(train), len(test)) == (8, 2)
    paths = {r.path for r in train.records} | {r.path for r in test.records}
    assert len(paths) == 10
    again = discover(root)
    assert again.counts["test"] == 2
    assert with_splits(again, output) is again
    assert [r.path for r in again.load("test").records] == [r.path for r in test.records]
    assert not output.exists()


def test_each_class_is_held_out(tmp_path):
    labelimg(tmp_path)
    made = with_splits(discover(tmp_path), tmp_path)
    labels = [r.ground_truth.labels.tolist() for r in made.load("test").records]
    assert sorted(labels) == [[0], [1]]


@pytest.mark.parametrize("make", [labelimg, cvat, yolo])
def test_data_that_cannot_be_written(tmp_path, make, monkeypatch):
    root, run = tmp_path / "mine", tmp_path / "run"
    make(root)
    mkdtemp = shutil.os.mkdir

    def refuse(path, *args, **kwargs):
        if str(path).startswith(str(root)):
            raise PermissionError(13, "read-only", str(path))
        return mkdtemp(path, *args, **kwargs)

    monkeypatch.setattr(os, "mkdir", refuse)
    made = with_splits(discover(root), run)
    assert (run / "resdet_splits/test.txt").is_file()
    assert not (root / "resdet_splits").exists()
    assert len(made.load("test")) == 2
    assert discover(root, beside=run).splits == made.splits
    other = tmp_path / "other"
    monkeypatch.undo()
    make(other)
    assert "test" not in discover(other, beside=run).splits  # lists of other data


def test_held_out_is_the_same_every_time_and_keeps_the_shares():
    classes = [[0]] * 50 + [[0, 1]] * 10 + [[]] * 20 + [[2]]
    chosen = held_out(classes)
    assert chosen == held_out(classes)
    assert chosen != held_out(classes, seed=1)
    assert [sum(chosen[:50]), sum(chosen[50:60]), sum(chosen[60:80])] == [10, 2, 4]
    assert not chosen[-1]  # the only one of its class
    assert sum(held_out([[0], [0]])) == 1
    with pytest.raises(ValueError, match="must have two images or more, got 1"):
        held_out([[0]])


def test_what_a_config_is_told(tmp_path):
    from resdet import config

    labelimg(tmp_path)
    made = with_splits(discover(tmp_path), tmp_path)
    cfg = config.load("shapes_r18", made.key_values(training=True))
    assert tmp_path == Path(cfg.DATASETS.ROOT)
    assert cfg.DATASETS.TRAIN == ["voc:.:train"] or "resdet_splits" in cfg.DATASETS.TRAIN[0]
    assert cfg.DATASETS.CLASSES == ["cat", "rare"]
    assert cfg.MODEL.ROI_HEADS.NUM_CLASSES == 2


def test_the_one_folder_inside(tmp_path):
    yolo(tmp_path / "export" / "mine")
    (tmp_path / "photos").mkdir()
    found = discover(tmp_path)
    assert found.root == tmp_path / "export/mine"
    assert found.lines() == [
        f"data     {tmp_path}/export/mine: YOLO, told by data.yaml",
        "classes  2: cat, dog",
        "splits   train 10",
    ]


def test_a_data_yaml_is_its_folder(tmp_path):
    yolo(tmp_path)
    assert discover(tmp_path / "data.yaml").form == "YOLO"


def test_two_forms_are_told_apart_by_the_user(tmp_path):
    labelimg(tmp_path)
    for number in range(10):
        (tmp_path / f"{number}.txt").write_text("0 0.5 0.5 0.2 0.1\n")
    with pytest.raises(ValueError, match=r"got several; name the one you mean:\n  yolo:.*\n  voc:"):
        discover(tmp_path)
    assert discover(f"voc:{tmp_path}").form == "VOC"
    assert discover(f"yolo:{tmp_path}").form == "YOLO"


def test_nothing_is_told_with_what_was_seen(tmp_path):
    picture(tmp_path / "a.jpg")
    (tmp_path / "export.zip").write_text("")
    (tmp_path / "raw").mkdir()
    with pytest.raises(ValueError, match=r"got nothing of these:") as told:
        discover(tmp_path)
    for part in ("VOC   *.xml", "COCO  *.json", "YOLO  data.yaml", "1 .jpg", "1 .zip", "raw"):
        assert part in str(told.value)
    with pytest.raises(ValueError, match="must be a folder, got .*zip; unpack the archive"):
        discover(tmp_path / "export.zip")
    with pytest.raises(ValueError, match="check the path"):
        discover(tmp_path / "absent")


def test_coco_whose_images_are_nowhere(tmp_path):
    cvat(tmp_path)
    shutil.rmtree(tmp_path / "images")
    with pytest.raises(ValueError, match=r"images of .*default.json must lie in .*0.jpg, 1.jpg"):
        discover(tmp_path)


def test_nothing_to_train_on(tmp_path):
    roboflow(tmp_path)
    shutil.rmtree(tmp_path / "train")
    with pytest.raises(ValueError, match="must have a split to train on, .* got test, val"):
        with_splits(discover(tmp_path), tmp_path)


def test_vocs_own_folders_settle_it(write_voc, tmp_path):
    body = (
        "<size><width>60</width><height>40</height></size><object><name>cat</name><bndbox>"
        "<xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox></object>"
    )
    for split in ("train", "val", "trainval", "test"):
        root = write_voc({"a": body}, split=split)
    cvat(root)
    found = discover(root)
    assert found.form == "VOC"
    assert (found.to_train, found.to_watch, found.to_measure) == ("trainval", "test", "test")
    assert discover(f"coco:{root}").form == "COCO"


def test_the_made_lists_go_before_the_one_they_divide(write_voc):
    body = (
        "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax>"
        "<ymax>9</ymax></bndbox></object>"
    )
    root = write_voc({str(number): body for number in range(10)}, split="train")
    made = with_splits(discover(root), root)
    assert made.counts == {"train": 8, "test": 2}
    for split, count in made.counts.items():
        assert len(load_dataset(f"voc:.:{split}", root)) == count
        assert len(made.load(split)) == count


def test_images_that_came_later_are_in_no_split(tmp_path):
    for make in (labelimg, cvat):
        root = tmp_path / make.__name__
        make(root)
        with_splits(discover(root), root)
        shutil.rmtree(root / "annotations", ignore_errors=True)
        make(root, 12)
        assert any(
            "annotated images in no split: 2; list them, or delete" in line
            for line in discover(root).lines()
        )


def test_what_is_held_out_of_trainval_is_not_trained_on(write_voc):
    body = (
        "<object><name>cat</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax>"
        "<ymax>9</ymax></bndbox></object>"
    )
    root = write_voc({str(number): body for number in range(10)}, split="trainval")
    for made in (with_splits(discover(root), root), discover(root)):
        assert made.counts == {"train": 8, "test": 2}
        assert (made.to_train, made.to_watch) == ("train", "test")


def test_images_that_no_list_of_the_user_names(write_voc):
    root = write_voc({"a": "", "b": ""}, split="train")
    (root / "ImageSets/Main/train.txt").write_text("a\n")
    assert discover(root).remarks == ("annotated images in no split: 1; list them to use them",)


def test_the_empty_test_of_a_published_yaml(tmp_path):
    yolo(tmp_path)
    file = tmp_path / "data.yaml"
    file.write_text("path: x\ntrain: images\nval: images\ntest: # optional\nnames: [cat, dog]\n")
    assert discover(tmp_path).counts == {"train": 10, "val": 10}
    file.write_text("train: images\ntest: ../test/images\nnames: [cat, dog]\n")  # Roboflow
    found = discover(tmp_path)
    assert found.counts == {"train": 10}
    assert found.remarks == ("passed over: test of data.yaml, ../test/images, which is not there",)


@pytest.mark.parametrize("folder", ["/home/me/mine", "C:\\Users\\me\\mine", "/content/other"])
def test_absolute_paths_of_another_machine(tmp_path, folder):
    yolo(tmp_path)
    (tmp_path / "val.txt").write_text(f"{folder}/images/3.jpg\r\n{folder}/images/4.jpg\r\n")
    (tmp_path / "data.yaml").write_text(
        f"path: {folder}\ntrain: {folder}/images\nval: {folder}/val.txt\nnames: [cat, dog]\n"
    )
    assert discover(tmp_path).counts == {"train": 10, "val": 2}


def test_a_yaml_without_train_names_the_classes(tmp_path):
    yolo(tmp_path)
    (tmp_path / "data.yaml").write_text("test: images\nnames: [cat, dog]\n")
    found = discover(tmp_path)
    assert (found.class_names, found.counts) == (("cat", "dog"), {"test": 10})


def test_coco_as_label_studio_exports_it_on_windows(tmp_path):
    cvat(tmp_path)
    shutil.rmtree(tmp_path / "annotations")
    content = coco([f"images\\{number}.jpg" for number in range(10)])
    (tmp_path / "result.json").write_text(json.dumps(content))
    found = discover(tmp_path)
    assert found.counts == {"all": 10}
    made = with_splits(found, tmp_path)
    assert len(made.load("train")) + len(made.load("test")) == 10
    (tmp_path / "notes.json").write_text("{")
    assert any("passed over: notes.json: " in line for line in discover(tmp_path).remarks)


def test_coco_with_absolute_file_names(tmp_path):
    cvat(tmp_path)
    file = tmp_path / "annotations/instances_default.json"
    file.write_text(json.dumps(coco(["/home/me/a.jpg"])))
    with pytest.raises(ValueError, match="must be relative to the folder .* '/home/me/a.jpg'"):
        discover(tmp_path)


@pytest.mark.parametrize(
    ("annotations", "images"),
    [
        ("{}/annotations", "{}/images"),
        ("{}/Annotations", "{}/JPEGImages"),
        ("annotations/{}", "images/{}"),
    ],
)
def test_voc_by_split(tmp_path, annotations, images):
    for split in ("train", "valid"):
        labelimg(tmp_path / "flat", 3)
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


def test_nothing_to_learn_makes_no_split(write_voc):
    root = write_voc({"a": "", "b": ""}, split="train")
    with pytest.raises(ValueError, match="must have an object to learn, got none; annotate some"):
        with_splits(discover(root), root)
    assert not (root / "resdet_splits").exists()


def test_a_folder_is_a_folder_whatever_it_is_called(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cvat(tmp_path / "voc:shoot")
    assert discover("voc:shoot").form == "COCO"
    assert discover(Path("voc:shoot")).root == tmp_path / "voc:shoot"
