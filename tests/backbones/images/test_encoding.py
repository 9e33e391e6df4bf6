"""Images to files of the kind that their names say."""

import errno
import os

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
    with pytest.raises(ValueError, match=r"of a kind that can be written, got .*nosuch; rename it"):
        write_image(tmp_path / "x.nosuch", image)


def test_what_cannot_be_written_leaves_what_was_there(tmp_path, monkeypatch):
    image, target = np.zeros((4, 4, 3), np.uint8), tmp_path / "new" / "x.png"
    write_image(target, image)
    before = target.read_bytes()

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_image(target, image + 1)
    assert [path.read_bytes() for path in target.parent.iterdir()] == [before]
