"""Pictures in a folder and below it."""

import pytest

from backbones.images.folders import SUFFIXES, files_below, images_by_stem, is_image

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
