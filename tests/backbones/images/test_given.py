"""Images as programs hold them: one picture in every form is one array; what is none is told."""

import re

import cv2
import numpy as np
import PIL.Image
import pytest
import torch

from backbones.images.given import each_rgb, to_rgb

RGB = np.arange(4 * 5 * 3, dtype=np.uint8).reshape(4, 5, 3) * 4


@pytest.fixture
def photo(tmp_path):
    """A PNG: what it holds is what was written."""
    cv2.imwrite(str(tmp_path / "photo.png"), RGB[..., ::-1])
    return tmp_path / "photo.png"


def forms(photo):
    chw = torch.from_numpy(RGB.copy()).permute(2, 0, 1)
    return {
        "path": (photo, None),
        "text": (str(photo), None),
        "PIL": (PIL.Image.open(photo), None),
        "PIL with alpha": (PIL.Image.open(photo).convert("RGBA"), None),
        "cv2": (cv2.imread(str(photo)), "BGR"),
        "RGB array": (RGB, "RGB"),
        "array that is no block": (np.asfortranarray(RGB), "RGB"),
        "array seen backwards": (RGB[..., ::-1].copy()[..., ::-1], "RGB"),
        "tensor": (chw, "RGB"),
        "BGR tensor": (chw.flip(0), "BGR"),
        "float tensor": (chw / 255, "RGB"),
        "half tensor of a network": ((chw / 255).requires_grad_(), "RGB"),
    }


def test_every_form_of_a_picture_is_the_same_array(photo):
    for form, (image, order) in forms(photo).items():
        found = to_rgb(image, order)
        assert found.dtype == np.uint8, form
        assert found.flags.c_contiguous, form
        np.testing.assert_array_equal(found, RGB, form)


def test_floats_go_to_the_nearest_of_256_values():
    for value, nearest in ((100.7, 101), (100.3, 100), (254.9, 255)):
        found = to_rgb(torch.full((3, 2, 2), value / 255), "RGB")
        assert (found == nearest).all()


def test_grey_is_grey_in_every_channel(photo):
    grey = np.arange(20, dtype=np.uint8).reshape(4, 5)
    expected = np.stack([grey] * 3, -1)
    np.testing.assert_array_equal(to_rgb(grey), expected)
    np.testing.assert_array_equal(to_rgb(PIL.Image.fromarray(grey)), expected)


def test_files_and_pil_images_are_turned_as_exif_says(tmp_path):
    exif = PIL.Image.Exif()
    exif[0x0112] = 6  # a quarter turn clockwise
    PIL.Image.fromarray(RGB).save(tmp_path / "turned.jpg", exif=exif, quality=100, subsampling=0)
    expected = np.rot90(RGB, -1).astype(int)
    for image in (tmp_path / "turned.jpg", PIL.Image.open(tmp_path / "turned.jpg")):
        found = to_rgb(image)
        assert found.shape == (5, 4, 3)
        assert np.abs(found - expected).max() <= 6  # JPEG


def test_an_array_without_its_channel_order_is_not_guessed_at():
    for image in (RGB, torch.zeros(3, 4, 5)):
        with pytest.raises(ValueError, match='channel_order must be "BGR" .*cv2.* or "RGB" .*PIL'):
            to_rgb(image)
    with pytest.raises(ValueError, match='must be "RGB" or "BGR", got \'rgb\''):
        to_rgb(RGB, "rgb")


HWC = torch.zeros(4, 5, 3)


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (np.zeros((4, 5, 4), np.uint8), "got an array (4, 5, 4) of uint8; leave alpha out: image["),
        (np.zeros((4, 5, 1), np.uint8), "give image[..., 0]"),
        (np.zeros((3, 4, 5), np.uint8), "give image.transpose(1, 2, 0)"),
        (np.zeros((2, 4, 5, 3), np.uint8), "must be one image, got an array (2, 4, 5, 3)"),
        (np.zeros(5, np.uint8), "must be (H, W, 3) or (H, W), got an array (5,)"),
        (np.zeros((0, 5, 3), np.uint8), "must have pixels, got an array (0, 5, 3)"),
        (
            np.zeros((4, 5, 3)),
            "must be uint8 in 0..255, got an array (4, 5, 3) of float64; of 0..1",
        ),
        (np.zeros((4, 5, 3), np.uint16), "of uint16; give (image >> 8).astype(np.uint8)"),
        (np.zeros((4, 5), bool), "of bool; give image.astype(np.uint8) once"),
        (HWC, "must be (3, H, W), got a tensor (4, 5, 3) of float32; give tensor.permute(2, 0, 1)"),
        (torch.zeros(4, 4, 5), "must be (3, H, W), got a tensor (4, 4, 5)"),
        (torch.zeros(2, 3, 4, 5), "must be one image"),
        (torch.zeros(3, 0, 5), "must have pixels"),
        (torch.zeros(3, 4, 5, dtype=torch.int32), "must be uint8 in 0..255 or float in [0, 1]"),
        (torch.full((3, 4, 5), 200.0), "got 200 to 200; divide it by 255"),
        (torch.full((3, 4, 5), -1.5), "got -1.5 to -1.5; give it without mean and std"),
        (torch.full((3, 4, 5), torch.nan), "must be in [0, 1] where it is float, got nan to nan"),
        (PIL.Image.new("I;16", (5, 4)), "must have 8 bits a channel, got a PIL image of mode I;16"),
        (PIL.Image.new("F", (5, 4)), "mode F"),
        ("https://example.org/dog.jpg", "must be a file, got the address"),
        (b"bytes", "must be a path, a PIL image"),
        (None, "got NoneType"),
    ],
)
def test_what_is_no_image_is_told_with_the_way_out(image, told):
    with pytest.raises(ValueError, match=re.escape(told)):
        to_rgb(image, "RGB")


def test_files_that_are_none_are_told(tmp_path, photo):
    with pytest.raises(FileNotFoundError, match=r"image must be an existing file, got .*gone\.jpg"):
        to_rgb(tmp_path / "gone.jpg")
    with pytest.raises(ValueError, match="must be a file, got the folder"):
        to_rgb(tmp_path)
    (tmp_path / "text.jpg").write_text("no picture")
    with pytest.raises(ValueError, match=r"text\.jpg must be an image"):
        to_rgb(tmp_path / "text.jpg")
    (tmp_path / "cut.png").write_bytes(photo.read_bytes()[:-30])
    with pytest.raises(ValueError, match="image must be a readable PIL image, got "):
        to_rgb(PIL.Image.open(tmp_path / "cut.png"))


def test_too_many_pixels_are_refused_before_they_are_read(monkeypatch):
    monkeypatch.setenv("RESDET_MAX_PIXELS", "19")
    for image in (RGB, torch.zeros(3, 4, 5), PIL.Image.fromarray(RGB)):
        with pytest.raises(ValueError, match="at most 19 pixels.*RESDET_MAX_PIXELS"):
            to_rgb(image, "RGB")


def test_a_list_is_checked_before_the_first_is_read(photo):
    with pytest.raises(ValueError, match=r"images\[2\] must be \(H, W, 3\)"):
        each_rgb([photo, RGB, np.zeros(3, np.uint8)], "RGB", many=True)
    readers = each_rgb([photo, RGB[:2]], "RGB", many=True)
    assert [read().shape for read in readers] == [(4, 5, 3), (2, 5, 3)]


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (torch.zeros(3, 4, 5).to_sparse(), "must hold all its pixels, got a sparse tensor"),
        (torch.zeros(3, 4, 5, device="meta"), "must hold all its pixels, got a meta tensor"),
        (torch.zeros(3, 4, 5).to(torch.float8_e4m3fn), "must be uint8 in 0..255 or float in"),
        (torch.zeros(1, 4, 5), r"give tensor.expand\(3, -1, -1\), its grey in every channel"),
        ("", "image must be a file, got an empty path"),
    ],
)
def test_what_torch_cannot_give_is_told(image, told):
    with pytest.raises(ValueError, match=told):
        to_rgb(image, "RGB")
