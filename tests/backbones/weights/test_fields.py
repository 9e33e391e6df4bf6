"""Rows of what a file must hold: every fault of a file at once, in one line."""

import numpy as np
import pytest
import torch

from backbones.weights.fields import (
    Field,
    check_fields,
    each,
    is_called,
    is_count,
    is_dict,
    is_number,
    is_positive,
    is_text,
    told,
)

NESTED: list = []
NESTED.append(NESTED)
ANYTHING = (None, True, -1, 10**400, float("nan"), float("-inf"), "a", b"b", [], {}, NESTED)
ROWS = (
    Field("a", "a number of things", is_count),
    Field("b", "text", is_text, needed=False),
)


def test_faults_are_told_at_once_in_one_line():
    check_fields({"a": 1, "c": None}, ROWS, "f.pth")
    with pytest.raises(ValueError, match="f.pth must hold fields by name, got None; take a whole"):
        check_fields(None, ROWS, "f.pth")
    with pytest.raises(ValueError, match=r"^f.pth must .* without \['a'\]; b of f.pth must be"):
        check_fields({"b": 2}, ROWS, "f.pth")
    with pytest.raises(ValueError, match="^a of f.pth must be a number of things, got -1; take a "):
        check_fields({"a": -1, "b": ""}, ROWS, "f.pth")


@pytest.mark.parametrize("value", [*ANYTHING, torch.eye(3).to_sparse(), np.ones(9), "\x1b\n" * 99])
def test_any_value_is_told_in_a_few_words(value):
    assert len(told(value)) <= 120
    assert told(value).isprintable()


@pytest.mark.parametrize(
    ("fits", "good"),
    [
        (is_text, ["a"]),
        (is_dict, [{}]),
        (is_count, [0, 3]),
        (is_number, [-2, 0.5]),
        (is_positive, [1, 0.001]),
        (each(is_text), [[], ["a"], ("a", "b")]),
        (each(is_number, 2), [[1, 2.5], (0, 0)]),
    ],
)
def test_what_fits(fits, good):
    assert all(map(fits, good))
    strange = [value for value in ANYTHING if not any(value is one or value == one for one in good)]
    assert [value for value in strange if fits(value) and not isinstance(value, (int, str))] == []


def test_numbers_are_those_of_single_precision():
    assert not any(map(is_number, (True, 10**400, 1e39, float("nan"), float("-inf"), "1", None)))
    assert not any(map(is_positive, (0, 1e-40, -1, False)))
    assert not any(map(is_count, (True, -1, 1.0, 2**63)))
    assert not each(is_number, 3)([1, 2])
    assert not each(is_text)("ab")


def test_a_name_is_compared_with_names_only():
    assert is_called("a", "b", "a")
    assert is_called(None, None)
    assert not any(is_called(value, "a", "b") for value in (None, 1, np.ones(3), torch.ones(2)))
