"""A sheet as people and programs read it."""

from __future__ import annotations

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
