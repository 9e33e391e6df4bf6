"""Tables of README and docs from result files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools.docs.result_tables import networks_table, pairs_table, with_tables

ROOT = Path(__file__).resolve().parents[2]


def test_a_mark_of_no_table_and_one_that_is_open_are_told() -> None:
    with pytest.raises(ValueError, match="mark must be one of paper, .*, got 'papers'"):
        with_tables("<!-- papers -->\n<!-- /papers -->", ROOT / "configs")
    with pytest.raises(ValueError, match="mark 'paper' must be closed by <!-- /paper -->"):
        with_tables("<!-- paper -->\n", ROOT / "configs")


def test_a_run_of_the_paper_fills_its_row(tmp_path: Path) -> None:
    result = (ROOT / "configs/detection/shapes_r18.json").read_text(encoding="utf-8")
    (tmp_path / "detection").mkdir()
    (tmp_path / "detection" / "voc0712_r101.json").write_text(result, encoding="utf-8")
    text = with_tables("<!-- paper -->\n<!-- /paper -->", tmp_path)
    (row,) = [line for line in text.splitlines() if "`voc0712_r101`" in line]
    assert re.search(r"\| 76\.4 \| \d\d\.\d \| 600 iterations, 1 run, ", row)
    assert text.count("not measured") == 5


def test_pairs_of_own_data_stand_below_the_papers(tmp_path: Path) -> None:
    (tmp_path / "table7.json").write_text('{"pairs": []}', encoding="utf-8")
    lines = pairs_table(tmp_path / "table7.json").splitlines()
    assert [line.split(" | ")[2] for line in lines[2:]] == ["73.2", "76.4", "70.4", "73.8"]


def test_costs_of_networks_stand_beside_their_papers() -> None:
    from backbones.reproduction.paper import COMPLEXITY, DIFFERENCES

    rows = [line.split(" | ") for line in networks_table().splitlines()[2:]]
    assert len(rows) == len(COMPLEXITY)
    for name, _, _, *costs, difference in rows:
        for printed, ours in (costs[:2], costs[2:]):
            near = not printed or float(ours) == pytest.approx(float(printed), rel=0.02)
            assert near or difference.strip(" |"), name
    assert set(DIFFERENCES) <= set(COMPLEXITY)
