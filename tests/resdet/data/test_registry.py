"""Forms of data by name."""

import pytest

from resdet.data.registry import (
    FORMATS,
    OWN_FORMATS,
    WRITTEN,
    form_of,
    register_format,
    writer_of,
)


@pytest.mark.parametrize("kind", OWN_FORMATS)
def test_a_form_of_ours_offers_all_that_a_form_must(kind):
    form = form_of(kind)
    for word in ("settles", "find", "parse", "is_there", "load", "check", "list_name", "details"):
        assert callable(getattr(form, word)), word
    assert form.fix is None or callable(form.fix)
    assert isinstance(form.LOST, str)


@pytest.mark.parametrize("kind", WRITTEN)
def test_a_form_that_is_written_says_how(kind):
    assert callable(writer_of(kind).write)
    assert set(writer_of(kind).SPLIT_NAMES) <= {"all", "default"}


def test_a_reader_of_others_is_found_by_its_kind(fresh_plugins):
    read = lambda text, root, classes: text  # noqa: E731
    register_format("csv", read)
    assert FORMATS.get("csv") is read
    with pytest.raises(ValueError, match="the kind of a dataset must be new, got 'voc'"):
        register_format("voc", read)
