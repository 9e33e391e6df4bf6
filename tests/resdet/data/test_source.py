"""Sources: as a user names them, as they are told again, and what a colon may mean."""

from pathlib import Path

import pytest

from resdet.data.source import Source, of_file, of_folder, readings


@pytest.mark.parametrize(
    ("source", "name"),
    [
        (Source("voc", Path(), "train"), "voc:.:train"),
        (Source("voc", Path(), listing=Path("made/train.txt")), "voc:.:made/train.txt"),
        (Source("coco", Path("a/b.json"), images=Path("a")), "coco:a/b.json:a"),
        (
            Source("coco", Path("b.json"), images=Path("i"), listing=Path("/l/train.txt")),
            "coco:b.json:i:/l/train.txt",
        ),
        (Source("yolo", Path("shoot 12:30"), "val"), r"yolo:shoot 12\:30:val"),
        (
            Source("coco", Path("at 9:15/x.json"), images=Path("at 9:15/im")),
            r"coco:at 9\:15/x.json:at 9\:15/im",
        ),
    ],
)  # fmt: skip
def test_a_source_is_told_as_it_is_named(source, name):
    assert str(source) == name
    kind, _, words = name.partition(":")
    parse = of_file if kind == "coco" else of_folder
    assert parse(kind, next(readings(words))) == source


def test_a_colon_is_a_mark_or_part_of_a_name():
    assert list(readings("a:b")) == [("a", "b")]
    assert list(readings(r"a\:b:c")) == [("a:b", "c")]
    found = list(readings("12:30/x.json:12:30"))
    assert found[0] == ("12", "30/x.json", "12", "30")
    assert ("12:30/x.json", "12:30") in found
    assert ("12:30/x.json", "12", "30") in found


def test_words_that_are_of_no_form():
    assert of_folder("voc", ("shapes",)) is None
    assert of_folder("voc", ("shapes", "")) is None
    assert of_file("coco", ("a", "b", "c", "d")) is None


def test_paths_below_a_root_and_absolute_ones():
    source = Source("coco", Path("a.json"), images=Path("/i"), listing=Path("l.txt"))
    below = source.below(Path("/root"))
    assert (below.place, below.images, below.listing) == (
        *(Path("/root/a.json"), Path("/i"), Path("/root/l.txt")),
    )
    assert below.own_split == "l"
    assert Source("voc", Path(), "test").below(Path("/root")).images is None
