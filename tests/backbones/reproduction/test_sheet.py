"""A sheet as people and programs read it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from backbones.reproduction.sheet import Sheet


def test_a_sheet_is_written_for_people_and_for_programs(tmp_path: Path) -> None:
    sheet = Sheet(
        title="Table 0",
        header=["network", "error"],
        rows=[["a", "1.50"], ["b", ""]],
        records=[{"network": "a", "error": 1.5}, {"network": "b", "error": ""}],
        remarks=["Of nothing."],
        words=frozenset({"network"}),
        pictures=[tmp_path / "p.png"],
        files=[tmp_path / "f.json"],
    )
    paths = sheet.write(tmp_path / "out" / "table0")
    assert [path.name for path in paths] == ["table0.md", "table0.csv", "p.png", "f.json"]
    assert paths[0].read_text() == (
        "# Table 0\n\nOf nothing.\n\n| network | error |\n| --- | ---: |\n| a | 1.50 |\n| b |  |\n"
    )
    assert paths[1].read_text() == "network,error\na,1.5\nb,\n"


def test_what_is_ours_and_what_was_measured() -> None:
    header = ["network", "layers: paper", "layers: ours", "error: paper", "error: ours", "config"]
    rows = [["a", "20", "20", "8.75", "9.01", "x"], ["b", "32", "32", "7.51", "", "y"]]
    words, records = frozenset({"network", "config"}), [{"network": "a"}]
    sheet = Sheet("Table 0", header, rows, records, words=words)
    assert sheet.ours == [False, False, True, False, True, False]
    assert sheet.measured == [True, True]
    assert replace(sheet, measures=frozenset({"error: ours"})).measured == [True, False]
    by_row = [["a", "paper", "8.75"], ["", "ours", ""]]
    sheet = Sheet("", ["network", "", "error"], by_row, records, words=frozenset({"network", ""}))
    assert sheet.measured == [False]
