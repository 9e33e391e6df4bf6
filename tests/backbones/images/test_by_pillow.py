"""What OpenCV does not read, or not as it is meant, and why a file is not read."""

import io
import sys
import types

import cv2
import numpy as np
import pytest
from PIL import Image

from backbones.images import by_pillow as room
from backbones.images.by_pillow import by_pillow, is_for_pillow, why_unread
from backbones.images.decoding import decode_image, decoded
from backbones.images.given import to_rgb
from backbones.images.inspect import inspect_image

HEIC = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic" + b"ispe" + bytes(4) + b"\0\0\0\x20\0\0\0\x30"


def saved(kind, mode="RGB", **more):
    colours = np.random.default_rng(3).integers(0, 255, (32, 48, 4), np.uint8)
    data = io.BytesIO()
    Image.fromarray(colours).convert(mode).save(data, kind, **more)
    return data.getvalue()


@pytest.mark.parametrize("mode", ["RGBA", "LA", "RGB", "L", "P"])
@pytest.mark.parametrize("kind", ["TIFF", "GIF", "AVIF", "PNG", "WEBP", "TGA"])
def test_a_path_shows_what_the_image_shows(kind, mode):
    try:
        data = saved(kind, mode, **({"lossless": True} if kind == "WEBP" else {}))
    except OSError:
        pytest.skip(f"{kind} has no {mode}")
    image = decode_image(data, "a", "RGB")
    np.testing.assert_array_equal(image, to_rgb(Image.open(io.BytesIO(data))))
    np.testing.assert_array_equal(image[..., ::-1], decode_image(data, "a", "BGR"))


def test_opaque_images_are_what_opencv_makes_of_them():
    for kind in ("TIFF", "GIF", "AVIF"):
        data = np.frombuffer(saved(kind), np.uint8)
        theirs = cv2.imdecode(data, cv2.IMREAD_COLOR_RGB)
        np.testing.assert_array_equal(decode_image(data.tobytes(), "a", "RGB"), theirs)
    assert not is_for_pillow(saved("TIFF"))
    assert is_for_pillow(saved("TIFF", "RGBA"))


def test_a_kind_without_its_decoder_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    why = "HEIC, which needs a decoder: pip install pillow-heif, or save it as JPEG or PNG"
    assert why_unread(HEIC) == why
    (tmp_path / "phone.jpg").write_bytes(HEIC)
    with pytest.raises(ValueError, match=rf"^phone must be an image, got {why}$"):
        decode_image(HEIC, "phone", "RGB")
    fact = inspect_image(str(tmp_path / "phone.jpg"))
    assert (fact.state, fact.why) == ("unreadable", why)


def test_a_plugin_is_used_where_it_is(monkeypatch):
    made = Image.fromarray(np.full((32, 48, 3), 7, np.uint8))
    plugin = types.SimpleNamespace(HeifImageFile=lambda file: made)
    monkeypatch.setitem(sys.modules, "pillow_heif", plugin)
    assert why_unread(HEIC) == ""
    assert decoded(HEIC, "a").tolist() == np.asarray(made).tolist()


@pytest.mark.parametrize(("mode", "read"), [("I;16", 7), ("F", None), ("I", None)])
def test_deep_pixels_of_a_plugin(monkeypatch, mode, read):
    made = Image.fromarray(np.full((32, 48), 7 * 256 + 9, np.uint16))
    made = made if mode == "I;16" else made.convert(mode)
    plugin = types.SimpleNamespace(HeifImageFile=lambda file: made)
    monkeypatch.setitem(sys.modules, "pillow_heif", plugin)
    image = decoded(HEIC, "a")
    assert (None if image is None else set(image.ravel().tolist())) == (read and {read})


def test_a_plugin_that_fails_makes_no_image(monkeypatch):
    def fail(file):
        raise RuntimeError("of its own")

    monkeypatch.setitem(sys.modules, "pillow_heif", types.SimpleNamespace(HeifImageFile=fail))
    assert by_pillow(HEIC, "a") is None
    assert by_pillow(saved("AVIF")[:-200], "a") is None
    assert by_pillow(b"text", "a") is None


def test_a_size_that_the_head_hides_is_bounded_too(monkeypatch):
    monkeypatch.setenv("RESDET_MAX_PIXELS", "2000")
    huge = types.SimpleNamespace(width=50, height=50, mode="RGB")
    plugin = types.SimpleNamespace(HeifImageFile=lambda file: huge)
    monkeypatch.setitem(sys.modules, "pillow_heif", plugin)
    monkeypatch.setattr(room, "upright_rgb", lambda image: pytest.fail("decoded"))
    with pytest.raises(ValueError, match="a must be an image of at most 2,000 pixels, got 50 x 50"):
        by_pillow(HEIC, "a")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (cv2.imencode(".tiff", np.ones((4, 4), np.float32))[1].tobytes(), "TIFF of floats of 32"),
        (saved("TIFF", "I"), "TIFF of whole numbers of 32 bits"),
        (b"8BPS\0\1", "Photoshop, which nothing here reads: save it as JPEG or PNG"),
        (b"PF\n4 4\n-1\n", "PFM, which nothing"),
        (b"text", "^$"),
        (b"\xff\xd8\xff", "^$"),
        (b"II*\0\x08", "^$"),
    ],
)
def test_why_a_file_is_not_read(data, why, capfd):
    with pytest.raises(ValueError, match=rf"a must be an image, got (a )?{why.strip('^$')}"):
        decode_image(data, "a", "RGB")
    if why == "^$":
        assert why_unread(data) == ""
    assert "OpenCV" not in capfd.readouterr().err


@pytest.mark.parametrize(
    ("module", "kind"), [("pillow_heif", "HEIF"), ("pillow_jxl.JpegXLImagePlugin", "JXL")]
)
def test_the_plugins_themselves(module, kind):
    plugin = pytest.importorskip(module)
    getattr(plugin, "register_heif_opener", lambda: None)()
    data = saved(kind)
    image = decode_image(data, "a", "RGB")
    assert image.shape == (32, 48, 3)
    np.testing.assert_array_equal(image, to_rgb(Image.open(io.BytesIO(data))))
