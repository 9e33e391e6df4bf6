"""Angles as tools write them."""

import math

import pytest

from resdet.data.turned import angle_of, is_turned, warn_turned


@pytest.mark.parametrize(
    ("value", "angle"),
    [(90, 90), ("12.5", 12.5), (-3.0, -3), ("", 0), ("left", 0), (None, 0), (math.nan, 0), ([], 0)],
)
def test_what_is_no_number_turns_nothing(value, angle):
    assert angle_of(value) == angle


def test_half_a_turn_changes_no_box():
    assert [is_turned(angle) for angle in (0, 180, -180, 360, 90, 0.5, 179)] == [False] * 4 + [
        True
    ] * 3


def test_turned_objects_are_counted(caplog):
    warn_turned("mine", [0, 180])
    assert not caplog.records
    warn_turned("mine", [0, 90, 45])
    assert "mine: objects turned by an attribute, " in caplog.text
    assert "is read: 2; resdet check-data --fix" in caplog.text
