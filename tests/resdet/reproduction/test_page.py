"""`all`: every target in order, a failing one in a line, one page."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbones.reproduction.sheet import Sheet
from resdet.reproduction import page
from resdet.reproduction.request import Request
from resdet.reproduction.targets import TARGETS, Target


def measured(request: Request) -> tuple[Sheet, list[Path]]:
    if request.target == "table2":
        raise ValueError("--data must be there, got none; give it")
    return Sheet(request.target, ["", "error"], [["a", request.scale]], [{}]), []


def test_a_target_that_fails_leaves_its_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = {name: Target("", scales=("smoke", "full")) for name in ("table1", "table2")}
    monkeypatch.setattr(page, "TARGETS", few | {"fig1": Target("", scales=("full",))})
    monkeypatch.setattr(page, "reproduce", measured)
    parts, path = page.reproduce_all(Request(page.ALL, tmp_path, scale="smoke"))
    assert [part.request.scale for part in parts] == ["smoke", "smoke", "full"]
    assert [part.fault for part in parts] == ["", "--data must be there, got none; give it", ""]
    assert path == tmp_path / "smoke" / "all.html"
    html = path.read_text(encoding="utf-8")
    assert html.index('id="table1"') < html.index('id="table2"') < html.index('id="fig1"')


def test_what_not_every_target_takes_is_refused() -> None:
    assert page.refusal(Request(page.ALL, Path("x"), scale="small")) is None
    for said in ({"data": Path()}, {"seeds": 2}, {"only": ["a"]}, {"publish": True}):
        told = page.refusal(Request(page.ALL, **said))  # type: ignore[arg-type]
        assert told == "all takes only --output, --scale"


def test_tables_and_figures_stand_in_the_order_of_the_paper() -> None:
    found = [(name.rstrip("0123456789"), name) for name in TARGETS]
    assert found == sorted(found, key=lambda pair: (pair[0] == "fig", int(pair[1][len(pair[0]) :])))
