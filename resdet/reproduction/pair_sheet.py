"""Pairs of networks as a table and a plot: the paper's numbers, ours beside, gains."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbones.reproduction.plots import Compared, plot_comparison
from backbones.reproduction.sheet import Sheet
from resdet.evaluation.comparison.paper import paper_values
from resdet.evaluation.measures import mean_if_all
from resdet.reproduction.extras_table import GAIN, gain_cell
from resdet.reproduction.pair_sections import Section
from resdet.reproduction.pair_tables import Row, Table


@dataclass(frozen=True)
class Line:
    """A row with the values of its runs and the gains over the baseline, by measure.

    Unit: fractions.
    """

    row: Row
    runs: Sequence[Mapping[str, float | None]]
    gains: Mapping[str, Mapping[str, float | None]]

    def values(self, measure: str) -> list[float]:
        """Of the runs that have one."""
        return [value for run in self.runs if (value := run[measure]) is not None]

    def mean(self, measure: str) -> float | None:
        """Of all runs."""
        return mean_if_all([run[measure] for run in self.runs])


def lines_of(sections: Sequence[Section]) -> Iterator[Line]:
    """Two a section, the baseline first."""
    for section in sections:
        for row, gains in zip(section["rows"], ({}, section["gains"]), strict=True):
            runs = [run["values"] for run in row["runs"]]
            yield Line(Row(row["config"], section["data"]), runs, gains)


def plot_pairs(table: Table, found: Sequence[Line], title: str, picture: Path) -> None:
    """A panel a measure, of the paper's numbers and those of every run; a PNG."""
    panels = {
        name: [_compared(line, name, key) for line in found] for name, key in table.measures.items()
    }
    plot_comparison(panels, picture, title=title)


def pair_sheet(
    table: Table, found: Sequence[Line], title: str = "", remarks: Sequence[str] = ()
) -> Sheet:
    """A row a network."""
    heads = (": paper", "", ": gain", ": p")
    columns = [f"{name}{head}" for name in table.measures for head in heads]
    return Sheet(
        title=title,
        header=["network", "data", *columns, "runs", "config"],
        rows=[_cells(table, line) for line in found],
        records=[_record(table, line) for line in found],
        remarks=remarks,
        words=frozenset({"network", "data", "config"}),
        measures=frozenset(table.measures),
    )


def _compared(line: Line, name: str, key: str) -> Compared:
    paper = _paper(line, key)
    points = [100 * value for value in line.values(name)]
    return Compared(line.row.label, None if paper is None else 100 * paper, points)


def _paper(line: Line, key: str) -> float | None:
    return paper_values(line.row.config).get(key)


def _cells(table: Table, line: Line) -> list[str]:
    cells = [line.row.network, line.row.data]
    for name, key in table.measures.items():
        gain = line.gains.get(name, {})
        cells += [_points(_paper(line, key)), _points(line.mean(name)), gain_cell(gain)]
        cells.append(_p_value(gain.get("p_value")))
    return [*cells, str(len(line.runs) or ""), line.row.config]


def _points(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _p_value(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _record(table: Table, line: Line) -> dict[str, Any]:
    record: dict[str, Any] = {"network": line.row.network, "data": line.row.data}
    for name, key in table.measures.items():
        values = {"paper": _paper(line, key), "ours": line.mean(name)}
        values |= {column: line.gains.get(name, {}).get(column) for column in GAIN}
        record |= {f"{name} {column}": "" if v is None else v for column, v in values.items()}
    return {**record, "runs": len(line.runs), "config": line.row.config}
