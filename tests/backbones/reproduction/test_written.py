"""What was written is read again, or told to be something else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from backbones.reproduction.written import read_written


def test_fields_of_no_kind_are_let_be(tmp_path: Path) -> None:
    values = {"metrics": {}, "iterations": 4, "mine": [1], "seed": None}
    (tmp_path / "a.json").write_text(json.dumps(values))
    assert read_written(tmp_path / "a.json", "metrics") == values


@pytest.mark.parametrize(
    ("values", "fault"),
    [
        ([], "metrics, an object, got []"),
        ({}, "metrics, an object, got {}"),
        ({"metrics": {}, "overrides": 3}, "overrides, a list, got {"),
        ({"metrics": 3, "iterations": "4"}, "iterations, a number; metrics, an object, got {"),
    ],
)
def test_the_file_and_what_it_lacks_are_told(tmp_path: Path, values: object, fault: str) -> None:
    (tmp_path / "a.json").write_text(json.dumps(values))
    told = re.escape(fault)
    with pytest.raises(ValueError, match=rf"a.json must be an object with {told}.*or remove it"):
        read_written(tmp_path / "a.json", "metrics")
