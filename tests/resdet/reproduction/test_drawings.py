"""Figures 2, 3 and 5: drawn, and counted as the paper counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from backbones.reproduction import diagrams
from resdet.reproduction import drawings
from resdet.reproduction.request import Request


@pytest.mark.parametrize("target", ["fig2", "fig3", "fig5"])
def test_a_figure_is_drawn(target: str, tmp_path: Path) -> None:
    sheet = drawings.reproduce(Request(target, tmp_path))
    assert sheet.pictures == [tmp_path / f"{target}.png"]
    assert sheet.pictures[0].is_file()
    assert {len(row) for row in sheet.rows} == {len(sheet.header)}


def test_networks_count_what_the_paper_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawings, "draw_networks", lambda *args, **kwargs: None)
    rows = drawings.reproduce(Request("fig3", tmp_path)).rows
    assert [row[1] for row in rows] == ["19", "34", "34"]
    assert all(row[3] == row[4] for row in rows)
    assert [row[5:] for row in rows] == [["0", "0"], ["0", "0"], ["16", "3"]]


def test_networks_of_one_block_share_a_drawing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[diagrams.Block] = []
    monkeypatch.setattr(
        drawings, "draw_blocks", lambda blocks, *args, **kwargs: drawn.extend(blocks)
    )
    rows = drawings.reproduce(Request("fig5", tmp_path)).rows
    assert [(block.title, block.given) for block in drawn] == [
        ("ResNet-34", "64-d"),
        ("ResNet-50, ResNet-101, ResNet-152", "256-d"),
    ]
    assert rows[1][1] == "1x1 conv, 64; 3x3 conv, 64; 1x1 conv, 256"
    assert rows[0][2] == str(2 * 9 * 64 * 64)
