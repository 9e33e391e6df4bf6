"""Faults told together, lines read, boxes too thin."""

import logging
import math
from pathlib import Path

import pytest

from resdet.data.validate import (
    Faults,
    Ways,
    apart,
    check_names,
    is_pixels,
    left_out,
    listing,
    logger,
    number_of,
    size_in_pixels,
    text_lines,
    unheard,
    warn_thin,
)


def test_ten_faults_are_shown_and_all_are_counted():
    faults = Faults("data")
    faults.raise_any()
    faults.add("a")
    with pytest.raises(ValueError, match="^data has 1 fault:\n  a$"):
        faults.raise_any()
    for number in range(11):
        faults.add(str(number))
    with pytest.raises(ValueError, match=r"^data has 12 faults:(.|\n)*  8\n  ... and 2 more$"):
        faults.raise_any()
    assert listing(["a", "b"]) == "  a\n  b"


def test_names_differ_and_command_no_terminal():
    faults = Faults("data")
    check_names(["cat", "dog", "cat", "\x1b[31m", "\ud800"], "class names", faults)
    assert faults.found == [
        "class names must be without control characters, got '\\x1b[31m'; rename them",
        "class names must be of whole characters, got '\\ud800'; rename them",
        "class names must differ, got 'cat' more than once; rename one",
    ]
    check_names(["cat", "caté"], "class names", faults)
    assert len(faults.found) == 3


def test_pixels_are_numbers_of_an_image():
    assert is_pixels(-3.5)
    for value in (float("nan"), float("inf"), 2.0**31, -1e300):
        assert not is_pixels(value)


def test_a_size_is_of_whole_pixels():
    assert size_in_pixels(40.0, 60.9) == (40, 60)
    for sides in ((0, 60), (40, 0.5), (40, math.nan), (1e300, 60)):
        assert size_in_pixels(*sides) is None


def test_a_number_is_one_in_plain_digits():
    assert [number_of(text) for text in ("1", " -2.5e3 ")] == [1, -2500]
    assert all(math.isnan(number_of(text)) for text in (None, "", "a", "1_0", "nan"))


def test_lines_are_stripped_utf_8(tmp_path):
    (tmp_path / "a.txt").write_bytes(b"\xef\xbb\xbf a \r\n\n b\xc3\xa9\n")
    assert text_lines(tmp_path / "a.txt") == ["a", "b\u00e9"]
    (tmp_path / "b.txt").write_bytes(b"\xe9\n")
    with pytest.raises(ValueError, match=r"b\.txt must be UTF-8 text, got .*; save it as UTF-8"):
        text_lines(tmp_path / "b.txt")


def test_thin_boxes_are_warned_of_unless_a_report_tells_them(caplog):
    with caplog.at_level(logging.WARNING, logger.name):
        warn_thin("data", [])
        with unheard():
            warn_thin("data", ["a.xml, object 1"])
        assert caplog.text == ""
        warn_thin("data", ["a.xml, object 1"])
    assert "data: boxes with a side of at most 1 pixel: 1; training leaves them out" in caplog.text
    assert "  a.xml, object 1" in caplog.text


def test_both_sides_that_do_not_go_together():
    files, images = [Path("r/a/1.xml"), Path("r/a/2.xml")], [Path("r/b/2.jpg")]

    def told(files, images):
        return apart("XML", files, images, Path("r"), Ways("rename", "move"))

    assert told([], images) == ""
    assert told(files, []) == "2 XML, no images; put the images beside them"
    assert told(files[:1], images) == "1 XML, 1 image, no names match: 1.xml, 2.jpg; rename"
    assert told(files, images) == "2 XML in a/, 1 image in b/: names match, folders do not; move"
    assert told([*files, Path("r/c/2.xml")], images) == (
        "several XML for 2.jpg: a/2.xml, c/2.xml (1 image so); move all but one folder out"
    )


def test_files_are_counted_and_some_named():
    assert left_out([], "images") == []
    files = [Path(f"x/{number}.jpg") for number in range(4)]
    assert left_out(files[:3], "images") == ["left out: images: 3: 0.jpg, 1.jpg, 2.jpg"]
    assert left_out(files, "images") == ["left out: images: 4: 0.jpg, 1.jpg, 2.jpg, ..."]
