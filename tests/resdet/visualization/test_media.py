"""Lists of images."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from resdet.visualization.media import drawn_name, image_files


def test_what_is_no_image(tmp_path):
    with pytest.raises(ValueError, match="got none in"):
        image_files(tmp_path)
    with pytest.raises(ValueError, match="got no file"):
        image_files(tmp_path / "absent")


def test_images_of_a_folder_by_name(tmp_path):
    for name in ("b.JPG", "a.png", "notes.txt", "c.gif", "d.avif", "e.heic", "f.pbm", "._b.JPG"):
        (tmp_path / name).touch()
    found = [path.name for path in image_files(tmp_path)]
    assert found == ["a.png", "b.JPG", "c.gif", "d.avif", "e.heic", "f.pbm"]
    assert image_files(tmp_path / "a.png") == [tmp_path / "a.png"]


def test_what_cannot_be_written_gets_a_name_that_can(tmp_path):
    names = ("a.gif", "a.jp2", "a.ppm", "a.heic", "a.pgm", "a.TGA", "a")
    drawn = [drawn_name(Path(name)) for name in names]
    assert drawn == ["a.gif", "a.jp2", "a.ppm", "a.heic.png", "a.pgm.png", "a.TGA.png", "a.png"]
    picture = np.zeros((64, 64, 3), np.uint8)
    assert all(cv2.imwrite(str(tmp_path / name), picture) for name in drawn)
