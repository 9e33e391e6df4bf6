"""Images are told by their content, whatever they are called."""

import cv2
import numpy as np
import pytest

from backbones.images.kinds import kind_of


@pytest.mark.parametrize(
    ("suffix", "kind"),
    [
        *((".jpg", "JPEG"), (".png", "PNG"), (".bmp", "BMP"), (".webp", "WebP"), (".tif", "TIFF")),
        *((".gif", "GIF"), (".jp2", "JPEG 2000"), (".avif", "AVIF"), (".ppm", "PNM")),
    ],
)
def test_what_opencv_writes(suffix, kind):
    data = cv2.imencode(suffix, np.zeros((48, 70, 3), np.uint8))[1].tobytes()
    assert kind_of(data) == kind


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic", "HEIC"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif", "AVIF"),
        (b"\0\0\0\x18ftypmif1\0\0\0\0mif1mp42avif", "HEIC"),  # behind the list
        (b"\0\0\0\x18ftypisom\0\0\0\0isomavif", ""),  # a film
        (b"\xff\x0a\xfa\x1f", "JPEG XL"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\2" + bytes(9) + b"\5\0\6\0\x18\0", "TGA"),
        (b"\0\1\1" + bytes(9) + b"\5\0\6\0\x08\0", "TGA"),
        (b"\0\0\2" + bytes(9) + b"\0\0\6\0\x18\0", ""),  # without a column
        (b"\0\0\1\0\1\0" + bytes(20), ""),  # an icon
        (b"P4 3 4 \0", "PNM"),
        (b"8BPS\0\1", "Photoshop"),
        (bytes(128) + b"DICM", "DICOM"),
        (b"RIFF\0\0\0\0AVI ", ""),
        (b"text", ""),
        (b"", ""),
    ],
)
def test_others_and_what_is_none(data, kind):
    assert kind_of(data) == kind
