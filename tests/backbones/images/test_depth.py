"""16 bits are told from the head, and what they hold from the pixels."""

import cv2
import numpy as np
import pytest

from backbones.images.depth import depth_of, shift_of, shifted, values_of, values_of_file

TWELVE = np.linspace(900, 3000, 48 * 70).reshape(48, 70).astype(np.uint16)


def encoded(suffix, image):
    return cv2.imencode(suffix, image)[1].tobytes()


@pytest.mark.parametrize("suffix", [".png", ".tif", ".pgm", ".jp2"])
@pytest.mark.parametrize("channels", [1, 3])
def test_twelve_bits_in_sixteen(suffix, channels):
    if channels == 3 and suffix == ".pgm":
        suffix = ".ppm"
    image = TWELVE if channels == 1 else np.dstack([TWELVE] * 3)
    data = encoded(suffix, image)
    assert depth_of(data) == 16
    assert values_of(data) == (900, 3000)
    kept = shifted(data, shift_of([values_of(data)]))
    assert kept.dtype == np.uint8
    np.testing.assert_array_equal(kept, np.dstack([TWELVE >> 4] * 3).astype(np.uint8))
    eight = encoded(suffix, (image >> 4).astype(np.uint8))
    assert depth_of(eight) == 8
    assert values_of(eight) is None


def test_floats_and_other_kinds_have_no_such_depth():
    assert depth_of(encoded(".tiff", TWELVE.astype(np.float32))) == 8
    assert depth_of(encoded(".jpg", np.zeros((4, 4), np.uint8))) == 8
    assert depth_of(b"P5 4 4 4095\n") == 16
    assert depth_of(b"P5\n# by hand\n4 4\n# most\n255\n") == 8
    assert all(
        depth_of(data[:cut]) in (8, 16) for data in [encoded(".tif", TWELVE)] for cut in range(40)
    )
    assert depth_of(b"") == 8


@pytest.mark.parametrize(
    ("values", "shift"),
    [
        ([(0, 255)], 0),
        ([(0, 256)], 1),
        ([(976, 1904), None, (0, 4095)], 4),
        ([(0, 65535), (0, 9)], 8),
        ([None], 8),
        ([], 8),
    ],
)
def test_a_set_is_shifted_as_its_brightest_asks(values, shift):
    assert shift_of(values) == shift


def test_a_file_that_cannot_be_read_has_no_values(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    assert values_of_file(str(tmp_path / "a.png")) is None
    assert values_of_file(str(tmp_path / "none.png")) is None
    cv2.imwrite(str(tmp_path / "b.png"), TWELVE)
    assert values_of_file(str(tmp_path / "b.png")) == (900, 3000)
