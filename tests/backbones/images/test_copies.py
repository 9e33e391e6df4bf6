"""A corrected copy beside the data."""

from collections import Counter

import cv2
import numpy as np
import pytest
from PIL import Image

from backbones.images.copies import SHIFTED, TURNED, check_any_left, copy_image, fresh_folder, tell
from backbones.images.inspect import ImageFacts


def test_a_copy_appears_whole_beside_the_data(tmp_path):
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    with fresh_folder(out, [data]) as fresh:
        (fresh / "a.txt").write_text("a")
        assert not (out / "a.txt").exists()
    assert (out / "a.txt").read_text() == "a"
    with pytest.raises(KeyError), fresh_folder(tmp_path / "next", [data]):
        raise KeyError
    assert sorted(path.name for path in tmp_path.iterdir()) == ["data", "out"]


@pytest.mark.parametrize("out", ["data", "data/out", "."])
def test_the_data_are_left_as_they_are(tmp_path, out):
    (tmp_path / "data").mkdir()
    fault = "--to must name a folder apart from .*data, got"
    with (
        pytest.raises(ValueError, match=fault),
        fresh_folder(tmp_path / out, [tmp_path / "data"], "--to"),
    ):
        pass
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "a").touch()
    fault = "--fix must name a new or empty folder, got .*full; name another"
    with pytest.raises(ValueError, match=fault), fresh_folder(tmp_path / "full", []):
        pass


def test_what_exif_turns_is_upright_in_the_copy(tmp_path):
    image, exif = np.zeros((20, 30, 3), np.uint8), Image.Exif()
    image[:, 20:] = 255
    exif[0x0112] = 6  # to be turned by a quarter, clockwise
    Image.fromarray(image).save(tmp_path / "a.jpg", quality=95, exif=exif)
    done = Counter()
    copy_image(str(tmp_path / "a.jpg"), tmp_path / "to" / "b.jpg", fact(6), done)
    copied = cv2.imread(
        str(tmp_path / "to" / "b.jpg"), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION
    )
    assert copied.shape == (30, 20, 3)
    assert copied[2:18].max() < 20
    assert copied[22:].min() > 235
    copy_image(str(tmp_path / "a.jpg"), tmp_path / "c.jpg", fact(1), done)
    assert (tmp_path / "c.jpg").read_bytes() == (tmp_path / "a.jpg").read_bytes()
    assert done == {TURNED: 1}
    with pytest.raises(ValueError, match="must be of a kind that can be written; rename"):
        copy_image(str(tmp_path / "a.jpg"), tmp_path / "d.nothing", fact(6), done)


def fact(orientation):
    return ImageFacts("whole", (20, 30), orientation, 100)


def test_what_was_done_is_told_and_nothing_left_is_an_error(tmp_path):
    lines = []
    tell(Counter({"b": 2, "a": 1}), tmp_path, lines.append)
    assert lines == ["fixed: a: 1", "fixed: b: 2", f"written: {tmp_path}/"]
    check_any_left(1, "data")
    with pytest.raises(
        ValueError, match="--fix must find an image that can be used in data, got n"
    ):
        check_any_left(0, "data")


@pytest.mark.parametrize("orientation", [1, 6])
def test_twelve_bits_in_sixteen_are_written_in_eight(tmp_path, orientation):
    image, exif = np.arange(900, 900 + 20 * 30 * 3, 3, np.uint16).reshape(20, 30), Image.Exif()
    exif[0x0112] = orientation
    Image.fromarray(image).save(tmp_path / "a.png", exif=exif)
    fact = ImageFacts("whole", (20, 30), orientation, 100, depth=16, values=(900, 2697))
    done = Counter()
    copy_image(str(tmp_path / "a.png"), tmp_path / "b.png", fact, done, 4)
    upright = image if orientation == 1 else np.rot90(image, -1)
    copied = cv2.imread(str(tmp_path / "b.png"), cv2.IMREAD_UNCHANGED)
    assert copied.dtype == np.uint8
    np.testing.assert_array_equal(copied, np.dstack([upright >> 4] * 3))
    assert done == {SHIFTED.format(bits=12): 1, **({TURNED: 1} if orientation == 6 else {})}
    if orientation == 1:
        copy_image(str(tmp_path / "a.png"), tmp_path / "c.png", fact, done, 8)
        assert (tmp_path / "c.png").read_bytes() == (tmp_path / "a.png").read_bytes()
