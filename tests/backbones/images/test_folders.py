"""Pictures in a folder and below it."""

from pathlib import Path

import pytest

from backbones.images.folders import (
    SUFFIXES,
    files_below,
    images_by_stem,
    is_image,
    spread,
    unread,
)

FILES = (
    "b.png",
    "a.JPG",
    "a.png",
    "c.txt",
    "deeper/a.tif",
    ".hidden/d.png",
    ".e.png",
    "f.png/g.bmp",
)


@pytest.fixture
def folder(tmp_path):
    for name in FILES:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    return tmp_path


def test_files_are_sorted_those_of_a_folder_before_what_is_below(folder):
    found = list(files_below(folder, SUFFIXES))
    assert found == ["a.JPG", "a.png", "b.png", "deeper/a.tif", "f.png/g.bmp"]
    assert list(files_below(folder, (".txt",))) == ["c.txt"]
    with pytest.raises(OSError, match="nowhere"):
        list(files_below(folder / "nowhere", SUFFIXES))


def test_pictures_of_a_run_are_none_of_the_data(folder):
    for name in ("log.txt", "metrics.json"):
        (folder / "deeper" / name).touch()
    assert "deeper/a.tif" not in list(files_below(folder, SUFFIXES))
    assert list(files_below(folder / "deeper", SUFFIXES)) == ["a.tif"]  # where it is asked for


def test_of_one_stem_the_first_suffix_wins(folder):
    found = images_by_stem(folder)
    assert found["a"] == folder / "a.JPG"
    assert found["deeper/a"] == folder / "deeper/a.tif"
    assert "c" not in found


def test_what_is_called_as_an_image_is():
    assert all(
        is_image(name) for name in ("a.jpg", "a/b.TIFF", "c.heic", "d.JXL", "e.tga", "f.pbm")
    )
    assert not any(is_image(name) for name in ("._a.jpg", "a/.b.png", "c.txt", "jpg", ".jpg"))


def test_what_lies_under_the_name_of_an_image_is_told(tmp_path):
    for name in ("a.psd", "b.xml", "c.jpg", "d.txt", "d.dng"):
        (tmp_path / name).touch()
    assert unread(tmp_path, "a") == "; a.psd lies there, which is of no kind that is read"
    assert unread(tmp_path, "d").startswith("; d.dng lies")
    assert [unread(tmp_path, name) for name in "bce"] == ["", "", ""]
    assert unread(tmp_path, "nowhere/a") == unread(tmp_path, "a\0/b") == ""
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper/e.dng").touch()
    assert unread(tmp_path, "deeper/e").startswith("; e.dng lies")
    assert unread(tmp_path / "deeper", "../a") == unread(tmp_path, f"{tmp_path}/a") == ""


def test_some_are_spread_over_all():
    paths = [Path(str(at)) for at in range(10)]
    assert spread(paths, 4) == [paths[at] for at in (0, 2, 5, 7)]
    assert spread(paths, 99) == paths
    assert spread([], 4) == []
