"""Films are told by their content, and nothing else is."""

import struct
from fractions import Fraction

import pytest

from resdet.visualization.films import film_kind, lacks_index

TS = (b"\x47" + bytes(187)) * 4


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\0\0\0\x20ftyp3gp6", "mov"),
        (b"\0\0\0\x08moov", "mov"),
        (b"RIFF\0\0\0\0AVI ", "avi"),
        (b"\x1aE\xdf\xa3", "matroska"),
        (b"\0\0\1\xba", "mpeg"),
        (b"\0\0\1\xb3", "mpegvideo"),
        (b"FLV\1\5\0\0\0\x09", "flv"),
        (bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c"), "asf"),
        (b"OggS\0", "ogg"),
        (TS, "mpegts"),
        (b"\0\0\0\0" + (b"\x47" + bytes(191)) * 4, "mpegts"),
        (TS[:188] + b"x" + TS[189:], ""),
        (b"G" * 300, ""),  # too short to tell
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", ""),
        (b"\0\0\0\x20ftypavif", ""),
        (b"RIFF\0\0\0\0WEBPVP8 ", ""),
        (b"FLV\1 text", ""),
        (b"#EXTM3U\n", ""),
        (b"ffconcat version 1.0\n", ""),
        (b"", ""),
    ],
)
def test_the_kind_as_ffmpeg_calls_it(tmp_path, data, kind):
    (tmp_path / "film").write_bytes(data)
    assert film_kind(tmp_path / "film") == kind
    assert film_kind(tmp_path) == film_kind(tmp_path / "none") == ""


def box(name, content=b"", length=None):
    return struct.pack(">I4s", 8 + len(content) if length is None else length, name) + content


@pytest.mark.parametrize(
    ("boxes", "cut"),
    [
        (box(b"ftyp") + box(b"mdat", bytes(9)) + box(b"moov", bytes(4)), False),
        (box(b"ftyp") + box(b"mdat", bytes(9)), True),
        (box(b"ftyp") + box(b"mdat", bytes(9), 99), True),
        (box(b"ftyp") + box(b"moov", bytes(4), 99), True),
        (box(b"ftyp") + struct.pack(">I4sQ", 1, b"mdat", 20) + bytes(4) + box(b"moov"), False),
        (box(b"ftyp") + bytes(40), False),  # no box at all
    ],
)
def test_the_index_of_a_film(tmp_path, boxes, cut):
    (tmp_path / "film").write_bytes(boxes)
    assert lacks_index(tmp_path / "film") is cut


@pytest.mark.parametrize(
    ("name", "form", "codec", "kind"),
    [
        *(("a.3gp", "3gp", "mpeg4", "mov"), ("a.ts", "mpegts", "mpeg4", "mpegts")),
        *(("a.mpg", "mpeg", "mpeg2video", "mpeg"), ("a.flv", "flv", "flv", "flv")),
        *(("a.wmv", "asf", "mpeg4", "asf"), ("noext", "matroska", "mpeg4", "matroska")),
    ],
)
def test_what_ffmpeg_writes(tmp_path, name, form, codec, kind):
    av = pytest.importorskip("av")
    if codec not in av.codecs_available:
        pytest.skip(f"no {codec}")
    path = tmp_path / name
    with av.open(str(path), "w", format=form) as out:
        stream = out.add_stream(codec, rate=Fraction(25))
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(4):
            out.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        out.mux(stream.encode())
    assert film_kind(path) == kind
