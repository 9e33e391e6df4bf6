"""A number stands in the README only as its result file has it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def test_tables_are_those_of_the_results() -> None:
    spec = importlib.util.spec_from_file_location("readme_tables", ROOT / "tools/readme_tables.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.with_tables(README) == README
    changed = re.sub(r"\| \d+\.\d \|", "| 99.9 |", README, count=1)
    assert changed != README
    assert module.with_tables(changed) == README


def test_papers_numbers_are_those_of_the_tables() -> None:
    from resdet.evaluation.paper import TABLE_7, TABLE_8

    for name, values in {**TABLE_7, **TABLE_8}.items():
        row = next(line for line in README.splitlines() if line.startswith(f"| `{name}` |"))
        value = values.get("mAP@0.50", values.get("AP"))
        assert f"| {100 * value:.1f} |" in row


@pytest.mark.parametrize("path", sorted(set(re.findall(r"(?:configs|tools)/[\w/.]+\.\w+", README))))
def test_files_that_the_readme_names_are_there(path: str) -> None:
    assert (ROOT / path).is_file()
