"""docs/reproduce.md: the page of the targets."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbones.reproduction.sheet import Sheet
from resdet.reproduction.page_html import Part
from resdet.reproduction.request import Request
from resdet.reproduction.targets import TARGETS, measuring
from tools.docs import reproduce_page


@pytest.mark.slow
def test_the_page_is_that_of_the_targets() -> None:
    assert reproduce_page.main(["--check"]) == 0, "run make docs"


def test_every_target_has_a_line() -> None:
    written = reproduce_page.PAGE.read_text(encoding="utf-8")
    lines = [
        line for line in written.splitlines() if "`resdet reproduce t" in line or "fig" in line
    ]
    assert written.startswith(reproduce_page.HEAD)
    for name, target in TARGETS.items():
        (line,) = [line for line in lines if f"| `{measuring(name)}` |" in line]
        assert f"| {', '.join(target.scales)} |" in line


def test_a_line_tells_the_command_the_data_and_what_is_measured() -> None:
    sheet = Sheet("Table 2: of nets", ["network", "error"], [["a", "1"]], [])
    line = reproduce_page.row(Part(Request("table2"), sheet))
    assert line.startswith("| Table 2 | Of nets | `resdet reproduce table2 --data DIR` | ImageNet")
    assert line.endswith(" | smoke, full | 1/1 |\n")
    with pytest.raises(ValueError, match="no file"):
        reproduce_page.row(Part(Request("table2"), fault="no file", files=[Path("x")]))
