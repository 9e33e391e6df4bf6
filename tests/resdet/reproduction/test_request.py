"""Where the files of a request lie."""

from __future__ import annotations

from pathlib import Path

from resdet.reproduction.request import Request


def test_a_lesser_scale_lies_apart() -> None:
    output = Path("out")
    assert Request("fig1", output).folder == output
    assert Request("fig1", output, scale="smoke").folder == output / "smoke"
    assert Request("table7", output, scale="small").folder == output / "small"
