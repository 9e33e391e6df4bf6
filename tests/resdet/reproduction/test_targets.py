"""What each target takes, and that each has someone who measures it."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path

import pytest

from resdet.reproduction.request import Request
from resdet.reproduction.targets import TARGETS, refusal


@pytest.mark.parametrize("name", TARGETS)
def test_each_target_has_a_module_that_reproduces(name: str) -> None:
    assert callable(import_module(TARGETS[name].module).reproduce)
    scales = TARGETS[name].scales
    assert all(refusal(Request(name, Path(), scale=scale)) is None for scale in scales)


def test_what_a_target_does_not_take_is_named() -> None:
    assert refusal(Request("table12", Path(), only=["x"])) == (
        "table12 takes no --only, only --data, --output, --scale"
    )
    assert refusal(Request("table1", Path(), only=["x"], overrides=["SEED", "1"])) is None
    assert refusal(Request("table1", Path(), scale="small")) == (
        "--scale must be smoke or full for table1, got small"
    )
    assert "is a trial" in str(refusal(Request("fig1", Path(), scale="smoke", publish=True)))
