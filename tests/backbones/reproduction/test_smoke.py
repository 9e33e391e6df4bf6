"""The few images of a smoke."""

import cv2
import numpy as np
import pytest

from backbones.data.images import open_images
from backbones.reproduction.smoke import copy_few


def write_images(root, split, classes, count):
    for label in range(classes):
        folder = root / split / f"c{label:02d}"
        folder.mkdir(parents=True)
        for number in range(count):
            colour = (10 * number, 20 * label, 7)  # BGR
            cv2.imwrite(str(folder / f"{number}.png"), np.full((5, 4, 3), colour, np.uint8))


def test_the_first_images_of_the_first_classes_once(tmp_path):
    write_images(tmp_path, "train", 12, 6)
    write_images(tmp_path, "val", 12, 3)
    copied = copy_few(tmp_path, tmp_path / "few")
    assert len(list(copied.glob("train/*/*.png"))) == 10 * 4
    assert len(list(copied.glob("test/*/*.png"))) == 10 * 2
    image = cv2.imread(str(copied / "train" / "c03" / "2.png"))
    assert image.shape == (5, 4, 3)
    assert (image == (20, 60, 7)).all()
    (copied / "test" / "c00" / "0.png").unlink()
    assert copy_few(tmp_path, tmp_path / "few") == copied
    assert not (copied / "test" / "c00" / "0.png").exists()  # what is there is not made again
    write_images(tmp_path / "other", "train", 1, 4)
    write_images(tmp_path / "other", "val", 1, 2)
    assert copy_few(tmp_path / "other", tmp_path / "few") != copied


def test_data_without_a_test_split(tmp_path):
    write_images(tmp_path, "train", 2, 2)
    with pytest.raises(ValueError, match=r"--data must hold val/ or test/ .*, got"):
        copy_few(tmp_path, tmp_path / "few")
    assert not (tmp_path / "few").exists()


def test_a_class_without_test_images_has_no_folder(tmp_path):
    write_images(tmp_path, "train", 3, 4)
    write_images(tmp_path, "val", 2, 2)
    copied = copy_few(tmp_path, tmp_path / "few")
    assert open_images(copied).test.class_names == ("c00", "c01", "c02")
    assert sorted(path.name for path in (copied / "test").iterdir()) == ["c00", "c01"]
