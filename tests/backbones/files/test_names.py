"""Texts as names of files: plain where they can be, and always apart."""

import pytest

from backbones.files.names import LONGEST, file_names, text_of


@pytest.mark.parametrize(
    "text", ["dog", "white cell", "Zebra", "50% off", "größe", "a.b", "(x)", ""]
)
def test_what_any_file_system_takes_stays(text):
    assert file_names([text]) == [text]
    assert text_of(text) == text


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("w/ helmet", "w%2F helmet"),
        ("a\\b", "a%5Cb"),
        ("a:b", "a%3Ab"),
        (".", "%2E"),
        ("..", "%2E%2E"),
        (".hidden", "%2Ehidden"),
        ("end.", "end%2E"),
        ("100%41", "100%2541"),
        ("%/", "%%2F"),
        ('<"|*?>\n', "%3C%22%7C%2A%3F%3E%0A"),
    ],
)
def test_what_some_do_not_take_is_escaped_and_comes_back(text, name):
    assert file_names([text]) == [name]
    assert text_of(name) == text


@pytest.mark.parametrize(
    "texts",
    [("Cell", "cell", "CELL"), ("caf\u00e9", "cafe\u0301"), ("a/b", "a%2fb", "A/b", "a%2Fb")],
)
def test_names_that_are_one_to_some_file_system_are_told_apart(texts):
    names = file_names(texts)
    assert len({name.casefold() for name in names}) == len(texts)
    assert [text_of(name) for name in names] == list(texts)
    assert names[0].startswith(texts[0][0])


def test_long_names_are_cut_and_stay_apart(tmp_path):
    texts = ["ü" * 300, "ü" * 301, "/" * 100]
    names = file_names(texts)
    assert len(set(names)) == 3
    for name in names:
        assert len(name.encode()) <= LONGEST
        (tmp_path / name).touch()
    assert names[0].startswith("üü")
    assert names == file_names(texts)
