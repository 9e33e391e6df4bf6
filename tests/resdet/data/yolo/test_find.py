"""YOLO's data as its files tell it."""

import pytest

from resdet.data.check import check_found
from resdet.data.convert import convert
from resdet.data.discover import discover


def test_the_empty_test_of_a_published_yaml(tmp_path, lay):
    lay.yolo(tmp_path)
    file = tmp_path / "data.yaml"
    file.write_text("path: x\ntrain: images\nval: images\ntest: # optional\nnames: [cat, dog]\n")
    assert discover(tmp_path).counts == {"train": 10}  # val names the same
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
        "WARNING: your lists are NOT used: train.txt; name them in a data.yaml, and delete "
        "resdet_splits if it is there",
        "images without a label file, taken as background: 1: bare.jpg",
    )
    assert found.lost == (lost,)
    assert found.of_classes == (
        "no file names the classes: they are called by number; --classes cat,dog names them",
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


def test_lists_of_the_images_are_the_splits(tmp_path, lay):
    without_yaml(tmp_path, lay)
    (tmp_path / "train.txt").write_text("images/0.jpg\n./images/1.jpg\n")
    (tmp_path / "val.txt").write_text("/home/me/images/2.jpg\n")
    found = discover(tmp_path)
    assert found.counts == {"train": 2, "val": 1}
    assert found.remarks == (
        "splits by your train.txt, val.txt",
        "annotated images in no split: 1; list them to use them",
    )
    assert [r.path.name for r in found.load("val").records] == ["2.jpg"]
    for wrong in ("images/0.jpg\n", "images/9.jpg\n"):  # trained on as well, or not there
        (tmp_path / "val.txt").write_text(wrong)
        assert discover(tmp_path).counts == {"all": 4}
    (tmp_path / "val.txt").write_text("images/2.jpg\n")
    (tmp_path / "resdet_splits").mkdir()
    assert "NOT used: train.txt, val.txt; name" in discover(tmp_path).remarks[0]


def test_images_that_share_their_labels_are_told(tmp_path, lay):
    without_yaml(tmp_path, lay)
    lay.picture(tmp_path / "images/0.png")
    line = "images with the name of another but for the suffix, which share its labels: 1: 0.png"
    assert discover(tmp_path).remarks == (line,)


def test_labels_in_a_folder_of_another_name(tmp_path, lay):
    """As LabelImg leaves them, "Change Save Dir" said."""
    (tmp_path / "annos").mkdir()
    (tmp_path / "annos" / "classes.txt").write_text("cat\ndog\n")
    for name in ("a", "b"):
        lay.picture(tmp_path / f"pics/{name}.jpg")
        (tmp_path / f"annos/{name}.txt").write_text("1 0.5 0.5 0.2 0.1\n")
    lay.picture(tmp_path / "pics/c.jpg")
    (tmp_path / "annos/gone.txt").write_text("1 0.5 0.5 0.2 0.1\n")
    found = discover(tmp_path)
    assert (found.form, found.class_names, found.counts) == ("YOLO", ("cat", "dog"), {"all": 3})
    assert found.lost == ("left out: labels without an image: 1: gone.txt",)
    assert "images without a label file, taken as background: 1: c.jpg" in found.remarks
    first, _, empty = (record.ground_truth for record in found.load("all").records)
    assert (first.labels.tolist(), len(empty)) == ([1], 0)
    (report,) = check_found(found, (), None, full=False)
    assert (report.total("error"), report.classes["all"]) == (0, {"cat": 0, "dog": 2})
    convert(found, tmp_path.parent / f"{tmp_path.name}_voc", "voc")
    (tmp_path / "annos/classes.txt").unlink()
    assert discover(tmp_path).why.startswith("labels in annos")


def test_labels_apart_in_folders_of_splits(tmp_path, lay):
    for split in ("train", "val"):
        lay.picture(tmp_path / f"pics/{split}/a.jpg")
        (tmp_path / f"annos/{split}").mkdir(parents=True)
        (tmp_path / f"annos/{split}/a.txt").write_text("1 0.5 0.5 0.2 0.1\n")
    assert discover(tmp_path).counts == {"train": 1, "val": 1}


def test_labels_apart_that_are_there_twice_are_told(tmp_path, lay):
    lay.picture(tmp_path / "pics/a.jpg")
    for folder in ("annos", "backup"):
        (tmp_path / folder).mkdir()
        (tmp_path / f"{folder}/a.txt").write_text("1 0.5 0.5 0.2 0.1\n")
    with pytest.raises(ValueError, match="several labels for a.jpg: annos/a.txt, backup/a.txt"):
        discover(tmp_path)


def test_labels_apart_give_way_to_other_data(tmp_path, lay):
    lay.labelimg(tmp_path / "voc", 2)
    (tmp_path / "voc/notes").mkdir()
    for name in "01":
        (tmp_path / f"voc/notes/{name}.txt").write_text("1 0.5 0.5 0.2 0.1\n")
    found = discover(tmp_path / "voc")
    assert found.form == "VOC"
    assert found.remarks[-1].startswith("passed over: 2 images of YOLO in labels in notes, which")
    deep = tmp_path / "deep"
    lay.picture(deep / "pics/a.jpg")
    (deep / "runs/detect/predict/labels").mkdir(parents=True)
    (deep / "runs/detect/predict/labels/a.txt").write_text("1 0.5 0.5 0.2 0.1\n")
    with pytest.raises(ValueError, match="names match, folders do not"):  # what was detected
        discover(deep)
