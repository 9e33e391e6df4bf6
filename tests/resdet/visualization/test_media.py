"""Lists of images."""

import pytest

from resdet.visualization.media import image_files


def test_what_is_no_image(tmp_path):
    with pytest.raises(ValueError, match="got none in"):
        image_files(tmp_path)
    with pytest.raises(ValueError, match="got no file"):
        image_files(tmp_path / "absent")


def test_images_of_a_folder_by_name(tmp_path):
    for name in ("b.JPG", "a.png", "notes.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in image_files(tmp_path)] == ["a.png", "b.JPG"]
    assert image_files(tmp_path / "a.png") == [tmp_path / "a.png"]
