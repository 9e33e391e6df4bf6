"""What turns the pixels is told of every kind that says it."""

import io

import numpy as np
import pytest
from PIL import Image

from backbones.images.decoding import decode_image
from backbones.images.given import to_rgb
from backbones.images.inspect import inspect_image
from backbones.images.orientation import orientation_of


def saved(kind, orientation, **more):
    rows, columns = np.mgrid[:32, :48].astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = orientation
    data = io.BytesIO()
    image = Image.fromarray(np.dstack([rows * 7, columns * 5, rows + columns]))
    image.save(data, kind, exif=exif, **more)
    return data.getvalue()


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF"])
def test_a_path_shows_what_the_image_shows(tmp_path, kind, orientation):
    data = saved(kind, orientation)
    path = tmp_path / "a.img"
    path.write_bytes(data)
    assert orientation_of(data) == orientation
    fact = inspect_image(str(path))
    shown = decode_image(data, "a", "RGB")
    assert (fact.orientation, fact.stored, fact.size) == (orientation, (32, 48), shown.shape[:2])
    np.testing.assert_array_equal(shown, to_rgb(Image.open(path)))
    np.testing.assert_array_equal(shown[..., ::-1], decode_image(data, "a", "BGR"))


def test_a_number_that_is_none_turns_nothing():
    assert (
        orientation_of(
            saved("TIFF", 1).replace(b"\x12\x01\x03\0\1\0\0\0\1", b"\x12\x01\x03\0\1\0\0\0\x63")
        )
        == 1
    )
    assert orientation_of(b"RIFF\xff\0\0\0WEBPVP8X\xff\xff\xff\xff") == 1
    assert orientation_of(saved("PNG", 6)[:60]) in (1, 6)
    assert orientation_of(b"") == 1
