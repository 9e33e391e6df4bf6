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
