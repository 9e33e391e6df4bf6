"""What a row says of a value, held against values."""

from __future__ import annotations

from typing import Any

import pytest
from fvcore.common.config import CfgNode

from backbones.config.keys import (
    FRACTION,
    LOW_HIGH,
    NAMES,
    NON_NEGATIVE,
    POSITIVE,
    RISING,
    Key,
    add_keys,
    value_faults,
)

ROWS = [
    ({"allowed": ("a", "b")}, "c", "must be 'a' or 'b', got 'c'"),
    ({"allowed": ([1],)}, [2], "must be [1], got [2]"),
    ({"bounds": POSITIVE}, [[1], [0]], "must be > 0, got [[1], [0]]"),
    ({"bounds": NON_NEGATIVE}, [], "must be >= 0, got []"),
    ({"bounds": NON_NEGATIVE}, None, None),
    ({"bounds": POSITIVE}, None, "must be > 0, got None"),
    ({"bounds": FRACTION}, True, "must be in [0, 1], got True"),
    ({"bounds": POSITIVE, "empty": True}, [], None),
    ({"bounds": POSITIVE, "empty": True}, [0], "must be > 0, got [0]"),
    ({}, [1, float("inf")], "must be finite, got [1, inf]"),
    ({"length": 2}, [1], "must hold 2 number(s), got [1]"),
    ({"form": NAMES}, (1,), "must be a list of names, got (1,)"),
    ({"form": RISING}, (2, 2), "must be pixels of the shorter side, rising, got [2, 2]"),
    ({"form": RISING}, [0, 2], "must be pixels of the shorter side, rising, got [0, 2]"),
    ({"form": LOW_HIGH}, [2.0, 1.0], "must be [low, high], got [2.0, 1.0]"),
]


@pytest.mark.parametrize(("row", "value", "fault"), ROWS)
def test_a_value_is_held_to_its_row(row: dict[str, Any], value: Any, fault: str | None) -> None:
    faults = list(value_faults(CfgNode({"A": {"B": value}}), [Key("A.B", value, "", **row)]))
    assert faults == ([] if fault is None else [f"A.B {fault}"])


def test_an_engine_may_honour_more() -> None:
    keys = [Key("A", 0, "", allowed=(0,), engines={"more": (0, 1)})]
    found = {
        (engine, value): list(value_faults(CfgNode({"A": value}), keys, engine))
        for engine in ("more", "less")
        for value in (0, 1, 2)
    }
    assert {asked: faults for asked, faults in found.items() if faults} == {
        ("more", 2): ["A must be 0 or 1, got 2"],
        ("less", 1): ["A must be 0, got 1; give --engine more, which can"],
        ("less", 2): ["A must be 0, got 2"],
    }


def test_keys_are_added_beside_those_that_are_there() -> None:
    keys = [Key("A.B", [1], ""), Key("A.C.D", 2, "")]
    cfg = CfgNode({"A": {"B": [3]}})
    add_keys(cfg, keys)
    assert cfg == {"A": {"B": [3], "C": {"D": 2}}}
    assert type(cfg.A.C) is CfgNode
    fresh = CfgNode()
    add_keys(fresh, keys)
    fresh.A.B.append(4)
    assert keys[0].default == [1]
