"""What the lines of a list mean, by whatever tool they were written."""

import pytest

from resdet.data.voc.lists import Stems, bare

KNOWN = {"1", "sub/2", "my photo", "a.b", "#3", "IMG_4", "x/5", "y/5", "cafe\u0301"}


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("1", "1"),
        ("1  -1", "1"),
        ("1.JPG", "1"),
        ("JPEGImages/1.jpg Annotations/1.xml", "1"),
        ("/home/me/VOC/JPEGImages/sub/2.jpg", "sub/2"),
        ("C:\\me\\sub\\2.png", "sub/2"),
        ("../sub/2", "sub/2"),
        ("my photo", "my photo"),
        ("my photo 1", "my photo"),
        ("photos/my photo.jpg 1", "my photo"),
        ("a.b", "a.b"),
        ("a.b.jpg", "a.b"),
        ("#3", "#3"),
        ("img_4.jpg", "IMG_4"),
        ("x/5", "x/5"),
        ("5", None),
        ("2", None),
        ("caf\u00e9.jpg", "cafe\u0301"),  # as macOS has it
        ("z", None),
    ],
)
def test_a_line_means_the_image_that_it_ends_with(text, stem):
    assert Stems(KNOWN).of(text) == stem
    assert Stems(KNOWN).lines([text]) == [(text, stem)]


def test_remarks_are_no_lines_and_two_paths_of_one_end_mean_none():
    lines = Stems(KNOWN).lines(["# mine", "1", "JPEGImages/1.jpg", "1 1"])
    assert [line.stem for line in lines] == ["1", "1", "1"]
    lines = Stems(KNOWN).lines(["a/1", "b/1.jpg", "x/5"])
    assert [line.stem for line in lines] == [None, None, "x/5"]


def test_names_without_what_is_theirs_alone():
    assert bare("a\\b.c.JPEG") == "a/b.c"
    assert bare("b.c") == "b.c"
