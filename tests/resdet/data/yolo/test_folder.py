"""Where a YOLO data set keeps names, images and labels."""

import pytest

from resdet.data.yolo.folder import label_file, open_yolo
from resdet.data.yolo.reader import load_yolo


def test_lists_never_lead_out_of_the_data(tmp_path, lay):
    yolo = tmp_path / "mine"
    lay.yolo(yolo)
    (yolo / "data.yaml").unlink()
    (yolo / "obj.names").write_text("cat\n")
    (yolo / "obj.data").write_text("train = train.txt\nnames = obj.names\n")
    lay.picture(tmp_path / "other/secret.jpg")
    (yolo / "train.txt").write_text("../other/secret.jpg\n")
    with pytest.raises(ValueError, match=r"must list images in .*got '../other/secret.jpg'"):
        load_yolo(yolo, "train")


@pytest.mark.parametrize(
    ("told", "splits", "remark"),
    [
        ("train: images\nval: images", ["train"], "val of data.yaml names the images of train"),
        ("train: images\nval: images\ntest: images", ["test"], "the images of test"),
        ("train: images\nval: other", ["train", "val"], ""),
        ("train: images\ntest: other\nval: other", ["train", "val", "test"], ""),
        ("val: images", ["val"], ""),
    ],
)
def test_a_split_that_is_another_is_none(tmp_path, lay, told, splits, remark):
    lay.yolo(tmp_path)
    lay.picture(tmp_path / "other/a.jpg")
    (tmp_path / "data.yaml").write_text(f"{told}\nnames: [cat, dog]\n")
    folder = open_yolo(tmp_path)
    assert list(folder.splits) == splits
    assert any(remark in line for line in folder.remarks) or not remark


def test_entries_may_count_from_a_folder_around_the_data(tmp_path, lay):
    """As pylabel writes them; what they lead to must lie in the data."""
    lay.yolo(tmp_path / "training")
    text = "path: ..\ntrain: training/images\nnames: [cat, dog]\n"
    (tmp_path / "training/data.yaml").write_text(text)
    assert len(open_yolo(tmp_path / "training").splits["train"]) == 10
    lay.picture(tmp_path / "secret/a.jpg")
    (tmp_path / "training/data.yaml").write_text(text.replace("training/images", "secret"))
    with pytest.raises(ValueError, match="train must name a folder or a list of images in"):
        open_yolo(tmp_path / "training")


def test_other_yaml_is_no_data(tmp_path, lay):
    (tmp_path / "config.yaml").write_text("MODEL:\n  DEPTH: 18\n")
    (tmp_path / "broken.yaml").write_text("[")
    lay.picture(tmp_path / "a.jpg")
    assert open_yolo(tmp_path) is None


def test_labels_lie_beside_images_or_in_a_folder_of_their_own(tmp_path):
    image = tmp_path / "images" / "train" / "a.jpg"
    apart = tmp_path / "labels" / "train" / "a.txt"
    assert label_file(image) == apart
    image.parent.mkdir(parents=True)
    image.with_suffix(".txt").touch()
    assert label_file(image) == image.with_suffix(".txt")
    apart.parent.mkdir(parents=True)
    apart.touch()
    assert label_file(image) == apart
    assert label_file(tmp_path / "a.jpg") == tmp_path / "a.txt"


@pytest.mark.parametrize(
    ("image", "label"),
    [
        ("Images/a.jpg", "Labels/a.txt"),
        ("Images/a.jpg", "labels/a.txt"),
        ("IMAGES/a.jpg", "LABELS/a.txt"),
        ("images/a.jpg", "labels/a.TXT"),
        ("a.jpg", "a.TXT"),
        ("images/x/a.jpg", "images/x/a.txt"),
    ],
)
def test_labels_in_capitals(tmp_path, image, label, lay):
    lay.picture(tmp_path / image)
    (tmp_path / label).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / label).write_text("0 0.5 0.5 0.2 0.1\n")
    assert label_file(tmp_path / image) == tmp_path / label
    assert len(load_yolo(tmp_path, "all").records[0].ground_truth) == 1


def test_two_images_of_one_name_have_ids_of_their_own(tmp_path, lay):
    lay.yolo(tmp_path, 2)
    lay.picture(tmp_path / "images/0.png")
    ids = [record.image_id for record in load_yolo(tmp_path, "train").records]
    assert ids == ["images/0.jpg", "images/0.png", "images/1.jpg"]
