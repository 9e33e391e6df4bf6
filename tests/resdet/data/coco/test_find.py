"""COCO's files in a folder, each with its images."""

import json
import shutil
from pathlib import Path

import pytest

from resdet.data.catalog import load_dataset
from resdet.data.discover import discover, with_splits

IMAGE = {"id": 1, "file_name": "a.jpg", "height": 9, "width": 9}


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


@pytest.mark.parametrize(
    "name",
    [
        "/home/me/{}.jpg",
        "../../label-studio/media/upload/4/{}.jpg",
        r"..\..\label-studio\upload\4\{}.jpg",
        r"images\1/{}.jpg",
        "https://host.example/a/{}.jpg",
        "up/{}.JPG",
    ],
)
def test_coco_with_file_names_of_another_machine(tmp_path, lay, name):
    lay.cvat(tmp_path, 3)
    file = tmp_path / "annotations/instances_default.json"
    write(file, lay.coco([name.format(number) for number in range(3)]))
    found = discover(tmp_path)
    assert [r.path for r in found.load("all").records] == [
        tmp_path / f"images/{number}.jpg" for number in range(3)
    ]
    made = with_splits(found, tmp_path)
    assert len(made.load("train")) + len(made.load("test")) == 3
    write(file, lay.coco(["/home/me/a.jpg"]))
    with pytest.raises(ValueError, match="or a folder in it, got none called /home/me/a.jpg"):
        discover(tmp_path)


def test_the_images_of_a_split_lie_where_it_says(tmp_path, lay):
    for split in ("train", "val"):
        lay.picture(tmp_path / split / "1.jpg")
        write(tmp_path / f"{split}.json", lay.coco(["/data/upload/3/1.jpg"]))
    found = discover(tmp_path)
    assert found.load("train").records[0].path == tmp_path / "train/1.jpg"
    assert found.load("val").records[0].path == tmp_path / "val/1.jpg"


def write(file, content):
    file.write_text(json.dumps(content))


def test_images_that_lie_in_several_folders_are_found_in_the_one_around_them(tmp_path, lay):
    names = [f"{number}.jpg" for number in range(3)]
    for name, folder in zip(names, ("one", "one", "two"), strict=True):
        lay.picture(tmp_path / "photos" / folder / name)
    (tmp_path / "all.json").write_text(json.dumps(lay.coco(names)))
    found = discover(tmp_path)
    assert found.splits["all"].images == Path("photos")
    assert [r.path.name for r in found.load("all").records] == names
    (tmp_path / "photos/two/2.jpg").unlink()
    assert discover(tmp_path).splits["all"].images == Path("photos/one")


def test_a_file_that_is_called_as_of_another_task_may_be_the_data(tmp_path, lay):
    lay.picture(tmp_path / "1.jpg")
    write(tmp_path / "person_keypoints.json", lay.coco(["1.jpg"]))
    assert discover(tmp_path).counts == {"all": 1}
    write(tmp_path / "mine.json", lay.coco(["1.jpg"]))
    found = discover(tmp_path)
    assert found.counts == {"all": 1}
    assert found.remarks == (
        "passed over, as of other tasks by their names: 1: person_keypoints.json",
    )


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


def test_annotations_without_boxes_and_hidden_files_are_no_data(tmp_path, lay):
    lay.picture(tmp_path / "1.jpg")
    content = lay.coco(["1.jpg"])
    write(tmp_path / "instances_train.JSON", content)
    (tmp_path / "._instances_train.json").write_bytes(b"\0\5\x16\7")
    del content["annotations"][0]["bbox"]
    write(tmp_path / "labels_train.json", content)
    found = discover(tmp_path)
    assert list(found.splits) == ["train"]
    assert found.remarks == (
        "passed over: labels_train.json, whose annotations have neither boxes nor anything drawn",
    )
    assert found.why == "instances_train.JSON"


def test_images_that_may_lie_in_two_folders_are_not_guessed_at(tmp_path, lay):
    for folder in ("photos", "photos_small"):
        lay.picture(tmp_path / folder / "1.jpg")
    for name in ("1.jpg", "/srv/1.jpg"):
        write(tmp_path / "labels.json", lay.coco([name]))
        with pytest.raises(ValueError, match="in .*photos and .*photos_small; write file_name"):
            discover(tmp_path)
    (tmp_path / "photos").rename(tmp_path / "images")
    assert discover(tmp_path).load("all").records[0].path == tmp_path / "images/1.jpg"


def two(tmp_path, lay, train, val):
    """Splits with categories {id: name}, and an object of each that is called in capitals."""
    for split, names in (("train", train), ("val", val)):
        lay.picture(tmp_path / split / "1.jpg")
        content = lay.coco(["1.jpg"])
        content["categories"] = [{"id": n, "name": name.lower()} for n, name in names.items()]
        content["annotations"] = [
            {"id": n + 1, "image_id": 0, "category_id": n, "bbox": [1, 2, 20, 10]}
            for n, name in names.items()
            if name.isupper()
        ]
        write(tmp_path / split / "_annotations.coco.json", content)
    return discover(tmp_path)


def test_labels_follow_the_names_of_the_split_to_train_on(tmp_path, lay):
    found = two(tmp_path, lay, {1: "A", 2: "B", 3: "C"}, {1: "C", 9: "A"})
    assert (found.class_names, found.own_classes) == (("a", "b", "c"), False)
    val = found.load("val")
    assert val.records[0].ground_truth.labels.tolist() == [2, 0]
    assert (val.category_ids, val.absent) == ((9, 10, 1), {10})
    assert "categories are not all of these, or in another order: val" in found.of_classes[0]
    assert 'DATASETS.CLASSES=["a", "b", "c"]' in "=".join(found.key_values(training=True))


def test_classes_that_are_not_trained_on_are_told(tmp_path, lay):
    found = two(tmp_path, lay, {1: "A", 2: "B"}, {1: "A", 5: "Z", 6: "idle"})
    assert found.class_names == ("a", "b", "z")
    assert found.of_classes[1] == "in val alone, so never learnt: z"
    assert found.load("train").absent == {3}


def test_other_ids_of_the_same_names_are_no_other_classes(tmp_path, lay):
    found = two(tmp_path, lay, {1: "A", 2: "B"}, {4: "A", 7: "b"})
    assert found.own_classes
    assert not found.of_classes
    assert found.load("val").category_ids == (4, 7)


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        ({"images": [IMAGE], "categories": []}, "a.json, which lists no categories; export"),
        ({"images": [IMAGE]}, "a.json, which lists no categories"),
        ({"images": [], "categories": []}, "a.json, which lists no images and no categories"),
    ],
)
def test_a_json_without_images_or_classes_is_told(tmp_path, lists, told):
    (tmp_path / "a.jpg").touch()
    (tmp_path / "a.json").write_text(json.dumps({"annotations": [], **lists}))
    with pytest.raises(ValueError, match=told):
        discover(tmp_path)
