"""Images to files of the kind that their names say."""

import cv2
import numpy as np
import pytest

from backbones.images.encoding import encode_image, write_image
from backbones.images.folders import DRAWN


@pytest.mark.parametrize("suffix", DRAWN)
def test_an_image_is_written_as_it_is_encoded(tmp_path, suffix):
    image = np.random.default_rng(0).integers(0, 256, (9, 12, 3), np.uint8)
    write_image(tmp_path / "new" / f"a{suffix}", image)
    data = (tmp_path / "new" / f"a{suffix}").read_bytes()
    assert data == encode_image(image, suffix)
    back = cv2.imread(str(tmp_path / "new" / f"a{suffix}"))
    assert back.shape == image.shape
    assert (back == image).all() != suffix.startswith(".jp")


def test_settings_are_those_of_opencv():
    image = np.random.default_rng(0).integers(0, 256, (99, 99, 3), np.uint8)
    low, high = (encode_image(image, ".jpg", (cv2.IMWRITE_JPEG_QUALITY, q)) for q in (20, 90))
    assert len(low) < len(high) / 2


def test_a_kind_that_cannot_be_written(tmp_path):
    image = np.zeros((4, 4, 3), np.uint8)
    assert encode_image(image, ".nosuch") is None
    for path in (tmp_path / "x.nosuch", tmp_path):
        with pytest.raises(OSError, match=r"picture must be writable, got .*; check its suffix"):
            write_image(path, image)
