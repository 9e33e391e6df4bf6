import shutil
from pathlib import Path

import numpy as np
import pytest

from resdet.data.catalog import dataset_root, load_dataset
from resdet.data.registry import register_format
from resdet.structures.records import Dataset, GroundTruth, ImageRecord

SIZE = "<size><width>60</width><height>40</height></size>"


@pytest.mark.parametrize(
    ("folder", "root"),
    [("VOC2007", "."), ("VOCdevkit/VOC2007", "."), ("VOC2007", "VOC2007")],
)
def test_both_voc_layouts_and_the_folder_itself(write_voc, tmp_path, folder, root):
    write_voc({"000005": SIZE}, split="trainval", folder=folder)
    data = load_dataset("voc_2007_trainval", tmp_path / root)
    assert data.name == "voc_2007_trainval"
    assert data.metric == "11point"
    assert [r.image_id for r in data.records] == ["000005"]


def test_files_that_are_all_called_alike_are_told_apart(write_coco, tmp_path):
    image = {"id": 1, "file_name": "1.png", "height": 40, "width": 60}
    path, folder = write_coco([image], [], [{"id": 1, "name": "person"}])
    for split in ("train", "valid"):
        shutil.copytree(folder, tmp_path / "cells" / split)
        shutil.copy(path, tmp_path / "cells" / split / "_annotations.coco.json")
    names = [f"coco:{split}/_annotations.coco.json:{split}" for split in ("train", "valid")]
    found = [load_dataset(name, tmp_path / "cells").name for name in names]
    assert found == ["cells_train", "cells_valid"]


@pytest.mark.parametrize(
    ("annotations", "images"),
    [
        ("coco/annotations", "coco"),
        ("coco/annotations", "coco/images"),
        ("annotations", "."),
        ("annotations", "images"),
    ],
)
def test_coco_layouts(write_coco, tmp_path, annotations, images):
    image = {"id": 1, "file_name": "1.jpg", "height": 8, "width": 9}
    path, folder = write_coco([image], [], [{"id": 1, "name": "person"}])
    root = tmp_path / "root"
    (root / annotations).mkdir(parents=True)
    shutil.copy(path, root / annotations / "instances_val2017.json")
    shutil.copytree(folder, root / images / "val2017")
    data = load_dataset("coco_2017_val", root)
    assert data.records[0].path == root / images / "val2017" / "1.jpg"
    with pytest.raises(ValueError, match="must be among dog, .*, got person"):
        load_dataset("coco_2017_val", root, class_names=("dog",))


def test_custom_specs_are_relative_to_the_root_or_absolute(shapes):
    by_voc = load_dataset("voc:shapes:test", shapes.parent)
    by_coco = load_dataset(f"coco:{shapes}/annotations/instances_test.json:{shapes}/JPEGImages")
    assert len(by_voc) == len(by_coco) == 8
    assert len(load_dataset("voc:.:test", shapes)) == 8


def test_an_unknown_name_lists_the_known_nearest_first(tmp_path):
    with pytest.raises(ValueError, match=r"must be one of voc_2007_train(val)?, voc_2007_train"):
        load_dataset("voc2007_train", tmp_path)
    with pytest.raises(ValueError, match="voc:<folder>:<split>"):
        load_dataset("voc:shapes", tmp_path)


def test_an_absent_dataset_lists_the_paths_tried(tmp_path):
    with pytest.raises(ValueError, match="voc_2012_val must lie below") as error:
        load_dataset("voc_2012_val", tmp_path)
    assert str(tmp_path / "VOC2012") in str(error.value)
    assert str(tmp_path / "VOCdevkit" / "VOC2012") in str(error.value)
    with pytest.raises(ValueError, match="coco_2014_minival must lie below") as error:
        load_dataset("coco_2014_minival", tmp_path)
    assert "coco/annotations/instances_minival2014.json" in str(error.value)


def test_the_root_is_the_argument_then_the_environment_then_datasets(monkeypatch):
    monkeypatch.setenv("DETECTRON2_DATASETS", "/somewhere")
    assert dataset_root("here") == Path("here")
    assert dataset_root() == Path("/somewhere")
    monkeypatch.delenv("DETECTRON2_DATASETS")
    assert dataset_root() == Path("datasets")


def test_bccd(unpacked, caplog):
    root = next(unpacked("bccd.tar.xz").rglob("ImageSets")).parent
    splits = [load_dataset(f"voc:.:{split}", root) for split in ("trainval", "test")]
    truths = [record.ground_truth for data in splits for record in data.records]
    assert len(truths) == 364
    assert sum(map(len, truths)) == 4888
    assert splits[0].class_names == ("Platelets", "RBC", "WBC")
    assert "BloodImage_00338.xml: RBC [504.0, 337.0, 504.0, 337.0]" in caplog.text
    assert "BloodImage_00343.xml: RBC [181.0, 329.0, 181.0, 329.0]" in caplog.text


def test_tiny_coco(unpacked):
    root = next(unpacked("tiny-coco.tar").rglob("annotations")).parent
    train, val = (load_dataset(f"coco_2017_{split}", root) for split in ("train", "val"))
    counts = [sum(len(record.ground_truth) for record in data.records) for data in (train, val)]
    assert counts == [288, 136]
    assert (len(train), len(val)) == (32, 6)
    assert (len(train.class_names), train.category_ids[-1]) == (80, 90)


@pytest.mark.parametrize("written", ["shoot 12:30", r"shoot 12\:30"])
def test_a_colon_in_a_path_is_part_of_it(shapes, tmp_path, written):
    root = tmp_path / "shoot 12:30"
    shutil.copytree(shapes, root)
    coco = f"coco:{written}/annotations/instances_test.json:{written}/JPEGImages"
    assert load_dataset(coco, tmp_path).annotations == root / "annotations/instances_test.json"
    data = load_dataset(f"voc:{written}:test", tmp_path)
    assert (data.name, len(data)) == ("shoot 12:30_test", 8)


def test_what_is_not_there_is_told_as_it_was_written(tmp_path):
    with pytest.raises(ValueError, match=r"gone/Annot|gone/ImageSets|gone/JPEG"):
        load_dataset("voc:gone:train", tmp_path)
    with pytest.raises(ValueError, match="dataset must be one of .*, got 'coco:a.json'"):
        load_dataset("coco:a.json", tmp_path)


def test_a_reader_of_others_is_held_to_what_all_go_by(tmp_path, fresh_plugins):
    def records(*truths):
        known = GroundTruth(np.zeros((0, 4)), np.zeros(0, np.int64))
        return tuple(
            ImageRecord(name, Path(f"{name}.jpg"), 9, 9, known if truth else None)
            for name, truth in truths
        )

    made = {
        "twice": Dataset("d", "voc", ("cat",), records(("a", True), ("a", True)), tmp_path),
        "half": Dataset("d", "voc", ("cat",), records(("a", True), ("b", False)), tmp_path),
        "kind": Dataset("d", "mine", ("cat",), records(("a", True)), tmp_path),
        "none": ("a tuple",),
        "fine": Dataset("d", "voc", ("cat",), records(("a", False), ("b", False)), tmp_path),
    }
    register_format("theirs", lambda where, root, names: made[where])
    for where, text in {
        "twice": "image ids of d must differ, got 'a' of 2 images",
        "half": r"known of all its images or of none, got 1 without, such as b\.jpg",
        "kind": "the reader of theirs: must give a Dataset of kind voc or coco, got 'mine'",
        "none": "must give a Dataset of kind voc or coco, got 'tuple'",
    }.items():
        with pytest.raises(ValueError, match=text):
            load_dataset(f"theirs:{where}", tmp_path)
    assert len(load_dataset("theirs:fine", tmp_path)) == 2
