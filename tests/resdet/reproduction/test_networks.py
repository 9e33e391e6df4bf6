"""Tables of classifiers as sheets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from resdet.reproduction import networks
from resdet.reproduction.request import Request


def test_a_sheet_has_its_picture(tmp_path: Path) -> None:
    sheet = networks.reproduce(Request("table1", tmp_path / "out"))
    assert sheet.pictures == [tmp_path / "out" / "table1.png"]
    assert sheet.pictures[0].is_file()
    assert "| ResNet-50 | 25.56 | 3.8 | 3.858 |\n" in sheet.table()


def test_a_row_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must name rows of ResNet-18, .* got ResNet-35"):
        networks.reproduce(Request("table1", tmp_path, only=["ResNet-35"]))


def test_a_smoke_needs_no_data(tmp_path: Path) -> None:
    request = Request("fig1", tmp_path, scale="smoke", only=["plain-20"])
    sheet = networks.reproduce(replace(request, overrides=["MODEL.DEVICE", "cpu"]))
    assert "[smoke]" in sheet.title
    assert "8 test images of 6 classes" in sheet.table()
    assert [path.name for path in (tmp_path / "smoke" / "crops").glob("train/*")]
