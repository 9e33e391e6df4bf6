"""Files whole and broken, copies, and what two splits share."""

import json
import os
import struct
import zlib

import cv2
import numpy as np
import pytest

from backbones.images.check_kinds import tell_copies
from backbones.images.check_report import Kind, Report, write_reports
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


def copies(tmp_path, splits, label_of=lambda path: None):
    paths = sorted({path for listed in splits.values() for path in listed})
    for path in paths:
        (tmp_path / path).write_bytes(path[:1].encode() * 5)  # content is the first letter
    full = {s: [str(tmp_path / path) for path in listed] for s, listed in splits.items()}
    facts = {str(tmp_path / path): inspect_image(str(tmp_path / path)) for path in paths}
    report = Report("data", "test", "quick")
    tell_copies(report, full, facts, label_of)
    return {kind.name: len(cases) for kind, cases in report.found.items()}


def test_only_a_trainval_is_meant_to_share(tmp_path):
    assert copies(tmp_path, {"train": ["a1", "b1"], "test": ["a1"]}) == {"leak": 1}
    assert copies(tmp_path, {"trainval": ["a1", "b1"], "test": ["a1"]}) == {"leak": 1}
    assert copies(tmp_path, {"trainval": ["a1"], "val": ["a1", "b1"]}) == {"leak": 1}
    assert copies(tmp_path, {"train": ["a1", "b1"], "test": ["c1"]}) == {}
    assert copies(tmp_path, {"train": ["a1", "b1"], "test": ["a2", "b1", "c1"]}) == {"leak": 2}
    assert copies(tmp_path, {"train": ["a1"], "val": ["b1"], "trainval": ["a1", "b1"]}) == {}


def test_copies_are_told_once_and_under_two_classes_they_contradict(tmp_path):
    assert copies(tmp_path, {"train": ["a1", "a2"], "trainval": ["a1", "a2", "b1"]}) == {"copy": 1}
    assert copies(tmp_path, {"train": ["a1", "a2"]}, lambda path: path[-1]) == {"conflict": 1}


def test_a_report_is_sorted_counted_and_safe_to_print(tmp_path):
    report = Report("data", "test", "full", images={"train": 3})
    note, error = Kind("n", "note", "notes"), Kind("e", "error", "errors", "repair")
    for number in range(150):
        report.add(note, f"note {number}")
    report.add(error, "a\x1b[31m.jpg")
    report.count_classes("train", ["cat", "dog"], ["cat", "cat", "cow"])
    lines = list(report.lines(2))
    assert lines[1:5] == [
        "error: errors: 1; repair",
        r"    a\x1b[31m.jpg",
        "note: notes: 150",
        "    note 0",
    ]
    assert "    ... and 148 more" in lines
    assert lines[-1].startswith("1 error, 0 warnings, 150 notes")
    assert report.classes["train"] == {"cat": 2, "dog": 0, "cow": 1}
    write_reports(tmp_path / "r.json", [report])
    (read,) = json.loads((tmp_path / "r.json").read_text())["reports"]
    assert (read["errors"], read["notes"]) == (1, 150)
    assert [f["count"] for f in read["findings"]] == [1, 150]
    assert len(read["findings"][1]["examples"]) == 100


def test_a_png_that_exif_turns_is_measured_as_it_is_read(tmp_path):
    tiff = b"MM\0*\0\0\0\x08\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" + b"\0\0\0\0"
    body = b"eXIf" + tiff
    chunk = struct.pack(">I", len(tiff)) + body + struct.pack(">I", zlib.crc32(body))
    (tmp_path / "a.png").write_bytes(PNG[:33] + chunk + PNG[33:])
    for full in (False, True):
        assert inspect_image(str(tmp_path / "a.png"), full).size == (60, 40)
