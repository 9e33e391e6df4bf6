"""YOLO's data as its files tell it."""

import pytest

from resdet.data.discover import discover


def test_the_empty_test_of_a_published_yaml(tmp_path, lay):
    lay.yolo(tmp_path)
    file = tmp_path / "data.yaml"
    file.write_text("path: x\ntrain: images\nval: images\ntest: # optional\nnames: [cat, dog]\n")
    assert discover(tmp_path).counts == {"train": 10, "val": 10}
    file.write_text("train: images\ntest: ../test/images\nnames: [cat, dog]\n")  # Roboflow
    found = discover(tmp_path)
    assert found.counts == {"train": 10}
    assert found.remarks == ("passed over: test of data.yaml, ../test/images, which is not there",)


@pytest.mark.parametrize("folder", ["/home/me/mine", "C:\\Users\\me\\mine", "/content/other"])
def test_absolute_paths_of_another_machine(tmp_path, folder, lay):
    lay.yolo(tmp_path)
    (tmp_path / "val.txt").write_text(f"{folder}/images/3.jpg\r\n{folder}/images/4.jpg\r\n")
    (tmp_path / "data.yaml").write_text(
        f"path: {folder}\ntrain: {folder}/images\nval: {folder}/val.txt\nnames: [cat, dog]\n"
    )
    assert discover(tmp_path).counts == {"train": 10, "val": 2}


def test_a_yaml_without_train_names_the_classes(tmp_path, lay):
    lay.yolo(tmp_path)
    (tmp_path / "data.yaml").write_text("test: images\nnames: [cat, dog]\n")
    found = discover(tmp_path)
    assert (found.class_names, found.counts) == (("cat", "dog"), {"test": 10})


def without_yaml(root, lay):
    lay.yolo(root, 4)
    (root / "data.yaml").unlink()


def test_what_has_lost_its_other_half_is_told(tmp_path, lay):
    without_yaml(tmp_path, lay)
    (tmp_path / "labels/lost.txt").write_text("0 0.5 0.5 0.2 0.1\n")
    (tmp_path / "labels/notes.txt").write_text("by hand\n")
    lay.picture(tmp_path / "images/bare.jpg")
    (tmp_path / "train.txt").write_text("images/0.jpg\n")
    found = discover(tmp_path)
    lost = "left out: labels without an image: 1: lost.txt"
    assert found.remarks == (
        "passed over: lists of splits that no data.yaml names: 1: train.txt",
        "no file names the classes: they are called by number",
        lost,
        "images without a label file, taken as background: 1: bare.jpg",
    )
    assert found.load("all").remarks == (f"{tmp_path}: {lost}",)
    assert found.called(("cat",)).load("all").class_names == ("cat",)


def test_a_test_without_labels_is_no_background(tmp_path, lay):
    lay.yolo(tmp_path, 2)
    lay.picture(tmp_path / "hidden/9.jpg")
    (tmp_path / "data.yaml").write_text("train: images\ntest: hidden\nnames: [cat]\n")
    assert discover(tmp_path).remarks == ()


def test_a_class_called_train_is_no_split(tmp_path, lay):
    for name in ("bus", "train"):
        lay.picture(tmp_path / f"{name}/{name}.jpg")
        (tmp_path / f"{name}/{name}.txt").write_text("0 0.5 0.5 0.2 0.1\n")
    assert discover(tmp_path).counts == {"all": 2}
    (tmp_path / "bus/bus.txt").unlink()  # a picture beside the data
    assert discover(tmp_path).counts == {"all": 1, "train": 1}
