"""Heads of JPEG: size and orientation without decoding."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from backbones.images.decoding import decode_image, reduced
from backbones.images.jpeg import jpeg_size

PHOTO = np.random.default_rng(0).integers(0, 256, (60, 90, 3), np.uint8)


def jpeg(turn=1, **options):
    """The file as Pillow writes it, with an EXIF orientation."""
    file, exif = io.BytesIO(), Pillow.Exif()
    exif[0x0112] = turn
    Pillow.fromarray(PHOTO).save(file, "JPEG", quality=95, exif=exif, **options)
    return file.getvalue()


@pytest.mark.parametrize("turn", range(1, 9))
def test_the_head_of_a_jpeg_tells_its_size_as_it_is_seen(turn):
    for options in ({}, {"progressive": True}, {"comment": b"x" * 300}):
        data = jpeg(turn, **options)
        assert jpeg_size(data) == decode_image(data, "", "RGB").shape[:2]
        for factor in (2, 4, 8):
            size = reduced(*jpeg_size(data), factor)
            assert decode_image(data, "", "RGB", lambda h, w, f=factor: f).shape[:2] == size


def test_other_heads_tell_nothing():
    data = jpeg()
    assert jpeg_size(data[:2] + b"\xff\xff" + data[2:]) == jpeg_size(data)  # fill bytes
    assert jpeg_size(b"") is jpeg_size(data[:30]) is jpeg_size(b"\xff\xd8\xff") is None
    png = cv2.imencode(".png", PHOTO)[1].tobytes()
    assert jpeg_size(png) is None
    assert decode_image(png, "", "RGB", lambda h, w: pytest.fail("asked")).shape == (60, 90, 3)
