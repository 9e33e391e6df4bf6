"""Pixels of a file: RGB, or an error that names it."""

import numpy as np
import pytest

from backbones.images.decoding import read_image


@pytest.mark.parametrize("content", [b"", b"no image"])
def test_an_unreadable_image_is_named(tmp_path, content):
    (tmp_path / "broken.jpg").write_bytes(content)
    with pytest.raises(ValueError, match=r"broken\.jpg must be an image"):
        read_image(tmp_path / "broken.jpg", "RGB")
    with pytest.raises(ValueError, match=r"none\.jpg must be an image, got no file"):
        read_image(tmp_path / "none.jpg", "RGB")


def test_images_are_rgb(tmp_path):
    import cv2

    image = np.zeros((4, 4, 3), np.uint8)
    image[..., 2] = 255  # red, as OpenCV writes it
    cv2.imwrite(str(tmp_path / "red.png"), image)
    assert read_image(tmp_path / "red.png", "RGB")[0, 0].tolist() == [255, 0, 0]
