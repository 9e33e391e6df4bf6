"""Files whole and broken, copies, and what two splits share."""

import os
import struct
import zlib

import cv2
import numpy as np
import pytest

from backbones.images.inspect import inspect_image, inspect_images, same_content

RANDOM = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
JPEG = cv2.imencode(".jpg", RANDOM)[1].tobytes()
PNG = cv2.imencode(".png", RANDOM)[1].tobytes()
WEBP = cv2.imencode(".webp", RANDOM)[1].tobytes()


def turned(jpeg, orientation=6):
    tiff = b"MM\0*\0\0\0\x08\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + b"\0\0"
    exif = b"Exif\0\0" + tiff + b"\0\0\0\0"
    return jpeg[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + jpeg[2:]


def flipped(data):
    middle = len(data) // 2
    return data[:middle] + bytes(byte ^ 0x5A for byte in data[middle : middle + 40]) + data[-200:]


def huge():
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return PNG[:16] + head + PNG[29:]


CASES = {
    "whole.jpg": (JPEG, "whole"),
    "whole.png": (PNG, "whole"),
    "followed.jpg": (JPEG + b"x" * 9000, "whole"),
    "cut.jpg": (JPEG[: len(JPEG) // 2], "cut"),
    "endless.jpg": (JPEG[:-2], "cut"),
    "cut.png": (PNG[:-12], "cut"),
    "whole.webp": (WEBP, "whole"),
    "cut.webp": (WEBP[:-99], "unreadable"),
    "whole.ppm": (cv2.imencode(".ppm", RANDOM)[1].tobytes(), "whole"),
    "empty.jpg": (b"", "unreadable"),
    "text.jpg": (b"hello", "unreadable"),
    "huge.png": (huge(), "unreadable"),
}


@pytest.mark.parametrize("name", CASES)
def test_heads_and_tails_tell_what_is_broken(tmp_path, name):
    content, state = CASES[name]
    (tmp_path / name).write_bytes(content)
    fact = inspect_image(str(tmp_path / name))
    assert (fact.state, fact.digest) == (state, "")
    assert fact.size == ((40, 60) if state == "whole" else None)


def test_what_is_not_there_and_what_is_too_large(tmp_path):
    assert inspect_image(str(tmp_path / "none.jpg")).state == "missing"
    os.mkfifo(tmp_path / "pipe.jpg")
    for other in (tmp_path, tmp_path / "pipe.jpg"):
        assert inspect_image(str(other)).why == "no plain file"
    (tmp_path / "huge.png").write_bytes(huge())
    assert "60000 x 60000 in its header" in inspect_image(str(tmp_path / "huge.png")).why


def test_every_pixel_is_decoded_by_workers(tmp_path, capfd):
    paths = []
    for name, (content, _) in {**CASES, "flipped.jpg": (flipped(JPEG), "")}.items():
        paths.append(str(tmp_path / name))
        (tmp_path / name).write_bytes(content)
    shown = []
    facts = inspect_images(
        [*paths, str(tmp_path / "none.jpg")],
        full=True,
        workers=2,
        progress=lambda *done: shown.append(done),
    )
    states = [state for _, state in CASES.values()]
    assert [fact.state for fact in facts] == [*states, "damaged", "missing"]
    assert "Corrupt JPEG data" in facts[-2].why
    assert shown[-1] == (14, 14)
    assert capfd.readouterr().err == ""  # what decoders say is in the facts


def test_sizes_are_told_as_stored_and_as_read(tmp_path):
    path = tmp_path / "a.jpg"
    for orientation, size in ((1, (40, 60)), (3, (40, 60)), (6, (60, 40)), (8, (60, 40))):
        path.write_bytes(turned(JPEG, orientation))
        for full in (False, True):
            fact = inspect_image(str(path), full)
            assert (fact.stored, fact.orientation, fact.size) == ((40, 60), orientation, size)


def test_copies_are_found_by_bytes_and_by_pixels(tmp_path):
    contents = {"a.png": PNG, "b.png": PNG, "c.jpg": JPEG}
    contents["d.bmp"] = cv2.imencode(".bmp", RANDOM)[1].tobytes()
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)
    paths = [str(tmp_path / name) for name in contents]
    quick = [inspect_image(path) for path in paths]
    assert same_content([*paths, paths[0]], [*quick, quick[0]]) == [[0, 1]]
    full = [inspect_image(path, True) for path in paths]
    assert same_content(paths, full) == [[0, 1, 3]]


def test_a_png_that_exif_turns_is_measured_as_it_is_read(tmp_path):
    tiff = b"MM\0*\0\0\0\x08\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" + b"\0\0\0\0"
    body = b"eXIf" + tiff
    chunk = struct.pack(">I", len(tiff)) + body + struct.pack(">I", zlib.crc32(body))
    (tmp_path / "a.png").write_bytes(PNG[:33] + chunk + PNG[33:])
    for full in (False, True):
        assert inspect_image(str(tmp_path / "a.png"), full).size == (60, 40)
