"""The picture of each image of a JSON."""

from pathlib import Path

import pytest

from resdet.data.coco.pictures import find_pictures, measured, size_of
from resdet.data.validate import Faults


def listed(*names):
    return {number: {"id": number, "file_name": name} for number, name in enumerate(names)}


def test_a_name_is_that_of_a_file_or_the_end_of_one(tmp_path, lay):
    for name in ("a.jpg", "x/b.jpg", "c.jpg"):
        lay.picture(tmp_path / name)
    names = listed("a.jpg", "x\\b.jpg", "/srv/upload/3/c.jpg")
    paths, wrong = find_pictures(names, tmp_path)
    assert list(paths.values()) == [tmp_path / name for name in ("a.jpg", "x/b.jpg", "c.jpg")]
    assert not wrong


def test_what_names_no_file_or_several_is_told(tmp_path, lay):
    for name in ("in/a.jpg", "in/x/b.jpg", "in/y/b.jpg", "out.jpg"):
        lay.picture(tmp_path / name)
    folder = tmp_path / "in"
    paths, wrong = find_pictures(listed("../out.jpg", "/srv/b.jpg", "gone.jpg"), folder)
    assert not paths
    assert f"one file in {folder} or a folder in it, got '../out.jpg': none is" in wrong[0]
    assert "got '/srv/b.jpg': it may be x/b.jpg, y/b.jpg; write which" in wrong[1]
    assert wrong[2].startswith("image 2: file_name must name")


def test_two_names_are_not_of_one_file(tmp_path, lay):
    lay.picture(tmp_path / "1.jpg")
    paths, wrong = find_pictures(listed("cam1/1.jpg", "cam2/1.jpg", "cam1\\1.jpg"), tmp_path)
    assert list(paths) == [0, 2]
    assert "got 'cam2/1.jpg': 'cam1/1.jpg', of image 0, names 1.jpg as well" in wrong[1]


def test_without_a_folder_nothing_is_looked_for():
    paths, wrong = find_pictures(listed("/srv/a.jpg", "../b.jpg", "c/d.jpg"), None)
    assert list(paths.values()) == [Path("srv/a.jpg"), Path("b.jpg"), Path("c/d.jpg")]
    assert not wrong


@pytest.mark.parametrize("sides", [{}, {"height": 0, "width": 0}, {"height": 40, "width": None}])
def test_no_size_is_no_fault_and_the_pictures_own_is_taken(tmp_path, lay, sides):
    faults = Faults("x")
    assert size_of({"id": 1, **sides}, faults) is None
    lay.picture(tmp_path / "a.jpg")
    assert measured(tmp_path / "a.jpg", faults) == (40, 60)
    assert not faults.found


def test_a_side_that_is_none_and_a_picture_that_cannot_be_measured():
    faults = Faults("x")
    assert size_of({"id": 1, "height": -4, "width": 6}, faults) is None
    assert measured(Path("gone.jpg"), faults) == (0, 0)
    assert "image 1: height must be a number of pixels, got -4" in faults.found[0]
    assert len(faults.found) == 2
