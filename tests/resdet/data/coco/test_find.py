"""COCO's files in a folder, each with its images."""

import json
import shutil

import pytest

from resdet.data.catalog import load_dataset
from resdet.data.discover import discover, with_splits


def test_roboflow_coco(tmp_path, lay):
    lay.roboflow(tmp_path)
    found = discover(tmp_path)
    assert found.form == "COCO"
    assert found.class_names == ("cat", "dog")  # without the placeholder
    assert found.counts == {"test": 1, "train": 1, "val": 1}
    assert (found.to_train, found.to_watch, found.to_measure) == ("train", "val", "test")
    assert found.load("val").records[0].path == tmp_path / "valid/a.jpg"
    assert with_splits(found, tmp_path / "out") is found


def test_a_placeholder_that_is_used_stays(tmp_path, lay):
    lay.roboflow(tmp_path)
    file = tmp_path / "train/_annotations.coco.json"
    content = json.loads(file.read_text())
    content["annotations"][0]["category_id"] = 0
    file.write_text(json.dumps(content))
    assert load_dataset("coco:train/_annotations.coco.json:train", tmp_path).class_names == (
        *("pets", "cat", "dog"),
    )


def test_coco_as_it_is_published(tmp_path, lay):
    for split in ("train2017", "val2017"):
        lay.picture(tmp_path / split / "1.jpg")
        (tmp_path / "annotations").mkdir(exist_ok=True)
        for kind in ("instances", "captions"):
            file = tmp_path / f"annotations/{kind}_{split}.json"
            file.write_text(json.dumps(lay.coco(["1.jpg"])))
    (tmp_path / "annotations/image_info_test2017.json").write_text(
        json.dumps({k: v for k, v in lay.coco(["2.jpg"]).items() if k != "annotations"})
    )
    found = discover(tmp_path)
    assert {split: str(source) for split, source in found.splits.items()} == {
        "train": "coco:annotations/instances_train2017.json:train2017",
        "val": "coco:annotations/instances_val2017.json:val2017",
    }
    assert "image_info_test2017.json, which has no annotations" in found.remarks[0]


def test_coco_whose_images_are_nowhere(tmp_path, lay):
    lay.cvat(tmp_path)
    shutil.rmtree(tmp_path / "images")
    with pytest.raises(ValueError, match=r"images of .*default.json must lie in .*0.jpg, 1.jpg"):
        discover(tmp_path)


def test_coco_as_label_studio_exports_it_on_windows(tmp_path, lay):
    lay.cvat(tmp_path)
    shutil.rmtree(tmp_path / "annotations")
    content = lay.coco([f"images\\{number}.jpg" for number in range(10)])
    (tmp_path / "result.json").write_text(json.dumps(content))
    found = discover(tmp_path)
    assert found.counts == {"all": 10}
    made = with_splits(found, tmp_path)
    assert len(made.load("train")) + len(made.load("test")) == 10
    (tmp_path / "notes.json").write_text("{")
    assert any("passed over: notes.json: " in line for line in discover(tmp_path).remarks)


def test_coco_with_absolute_file_names(tmp_path, lay):
    lay.cvat(tmp_path)
    file = tmp_path / "annotations/instances_default.json"
    file.write_text(json.dumps(lay.coco(["/home/me/a.jpg"])))
    with pytest.raises(ValueError, match="must be relative to the folder .* '/home/me/a.jpg'"):
        discover(tmp_path)


def write(file, content):
    file.write_text(json.dumps(content))


def test_a_file_that_is_called_as_of_another_task_may_be_the_data(tmp_path, lay):
    lay.picture(tmp_path / "1.jpg")
    write(tmp_path / "captions.json", lay.coco(["1.jpg"]))
    assert discover(tmp_path).counts == {"all": 1}
    write(tmp_path / "mine.json", lay.coco(["1.jpg"]))
    found = discover(tmp_path)
    assert found.counts == {"all": 1}
    assert found.remarks == ("passed over, as of other tasks by their names: 1: captions.json",)


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("test_site_photos.json", "all"),
        ("train station.json", "all"),
        ("instances_val2017.json", "val"),
        ("my_test.json", "test"),
        ("train_annotations.json", "train"),
    ],
)
def test_a_file_alone_may_be_called_anything(tmp_path, name, split, lay):
    lay.picture(tmp_path / "1.jpg")
    write(tmp_path / name, lay.coco(["1.jpg"]))
    assert list(discover(tmp_path).splits) == [split]


def test_images_that_no_file_lists_are_told(tmp_path, lay):
    for number in range(4):
        lay.picture(tmp_path / f"images/{number}.jpg")
    write(tmp_path / "train.json", lay.coco(["0.jpg"]))
    write(tmp_path / "val.json", lay.coco(["1.jpg"]))
    assert discover(tmp_path).remarks == ("left out: images in no JSON: 2: 2.jpg, 3.jpg",)
