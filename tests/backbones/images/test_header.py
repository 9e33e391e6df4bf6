"""What an image claims is read before it is decoded, in every kind that is decoded."""

import struct
import zlib

import cv2
import numpy as np
import pytest

from backbones.images import decoding
from backbones.images.decoding import decode_image, read_image
from backbones.images.header import header_size, may_decode

HUGE = 60_000
SUFFIXES = (".jpg", ".png", ".bmp", ".webp", ".tif", ".gif", ".jp2", ".avif", ".ppm", ".pgm")


def png(width, height):
    def chunk(kind, data):
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + pixels + chunk(b"IEND", b"")


def tiff(width, height, *, big=False, order="<"):
    mark = {"<": b"II", ">": b"MM"}[order]
    if big:
        head = mark + struct.pack(order + "HHHQQ", 43, 8, 0, 16, 2)
        return head + b"".join(
            struct.pack(order + "HHQQ", tag, 16, 1, v) for tag, v in ((256, width), (257, height))
        )
    head = mark + struct.pack(order + "HIH", 42, 8, 2)
    return head + b"".join(
        struct.pack(order + "HHII", tag, 4, 1, v) for tag, v in ((256, width), (257, height))
    )


CLAIMS = {
    "png": png(HUGE, HUGE),
    "jpeg": b"\xff\xd8\xff\xc0\x00\x11\x08" + struct.pack(">HH", HUGE, HUGE) + bytes(20),
    "jpeg, stray bytes": b"\xff\xd8\0\0\xff\xd0\xff\xff\xc2\x00\x11\x08"
    + struct.pack(">HH", HUGE, HUGE)
    + bytes(20),
    "bmp": b"BM" + bytes(12) + struct.pack("<Iii", 40, HUGE, -HUGE) + bytes(30),
    "webp": b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + (HUGE - 1).to_bytes(3, "little") * 2,
    "gif": b"GIF89a" + struct.pack("<HH", HUGE, HUGE) + bytes(9),
    "tiff": tiff(HUGE, HUGE),
    "tiff, Motorola": tiff(HUGE, HUGE, order=">"),
    "tiff, big": tiff(HUGE, HUGE, big=True),
    "pnm": b"P6 # made by hand\n60000 60000 255\n",
    "jpeg 2000": b"\xff\x4f\xff\x51" + bytes(4) + struct.pack(">IIII", HUGE, HUGE, 0, 0),
    "avif": b"\0\0\0\x20ftypavif" + b"ispe" + struct.pack(">III", 0, HUGE, HUGE),
    "heic": b"\0\0\0\x20ftypheic" + b"ispe" + struct.pack(">III", 0, HUGE, HUGE),
    "jpeg xl": b"\xff\x0a" + (2 << 1 | (HUGE - 1) << 3 | 1 << 21).to_bytes(8, "little"),
    "tga": b"\0\0\2" + bytes(9) + struct.pack("<HH", HUGE, HUGE) + b"\x18\0",
}


def picture():
    rows, columns = np.mgrid[:48, :70].astype(np.uint8)
    return np.dstack([rows * 4, columns * 3, rows + columns])


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_the_header_says_what_the_decoder_gives(suffix):
    image = picture() if suffix != ".pgm" else picture()[..., 0]
    data = cv2.imencode(suffix, image)[1].tobytes()
    assert header_size(data) == decode_image(data, "a", "RGB").shape[:2] == (48, 70)
    assert all(header_size(data[:cut]) in (None, (48, 70)) for cut in range(64))


@pytest.mark.parametrize("quality", [10, 101])
def test_webp_with_and_without_loss(quality):
    data = cv2.imencode(".webp", picture(), [cv2.IMWRITE_WEBP_QUALITY, quality])[1].tobytes()
    assert header_size(data) == (48, 70)


@pytest.mark.parametrize("kind", CLAIMS)
def test_60000_by_60000_is_refused_before_it_is_decoded(kind, tmp_path, monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    monkeypatch.setattr(decoding, "by_pillow", lambda *_: pytest.fail("decoded"))
    path = tmp_path / "huge.img"
    path.write_bytes(CLAIMS[kind])
    with pytest.raises(
        ValueError, match=r"huge\.img must be .*134,217,728 .*60000 x 60000.*RESDET_MAX_PIXELS"
    ):
        read_image(path, "RGB")


def test_the_bound_can_be_raised(monkeypatch):
    assert not may_decode(b"", "a")
    monkeypatch.setenv("RESDET_MAX_PIXELS", "9999")
    with pytest.raises(ValueError, match="at most 9,999 pixels, got 100 x 100"):
        may_decode(png(100, 100), "a")
    monkeypatch.setenv("RESDET_MAX_PIXELS", "10000")
    assert may_decode(png(100, 100), "a")
    for text in ("all", "0", "-1", "1e9", "9" * 30):
        monkeypatch.setenv("RESDET_MAX_PIXELS", text)
        with pytest.raises(ValueError, match=r"RESDET_MAX_PIXELS must be a positive whole number"):
            may_decode(png(1, 1), "a")


@pytest.mark.parametrize("data", [b"", b"text", b"#?RADIANCE\n\n-Y 4 +X 4\n", b"PF\n4 4\n-1\n"])
def test_other_kinds_are_not_decoded(data, monkeypatch):
    monkeypatch.setattr(cv2, "imdecode", lambda *_: pytest.fail("decoded"))
    with pytest.raises(ValueError, match=r"a\.hdr must be an image"):
        decode_image(data + bytes(100), "a.hdr", "RGB")
