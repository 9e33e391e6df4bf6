"""Tables 9 to 11: what improves the baseline, one upon another, on COCO and VOC."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from backbones.files import outputs
from backbones.reproduction.experiments import find_rows
from backbones.reproduction.plots import Compared, plot_comparison
from backbones.reproduction.runs import distinct
from backbones.reproduction.sheet import Sheet
from backbones.reproduction.written import read_written
from backbones.training.results import Provenance
from resdet import config
from resdet.reproduction import extras
from resdet.reproduction.improved_rows import (
    SHORT,
    TABLES,
    Row,
    System,
    Table,
    small_table,
)
from resdet.reproduction.improved_systems import Bench
from resdet.reproduction.pair_data import Keys, as_pairs, fitted_keys, given_keys
from resdet.reproduction.request import Request
from resdet.reproduction.server import told_to_send
from resdet.reproduction.smoke import SMOKE_REMARK, smoke_datasets
from resdet.training.fitting import CONFIG

_CLASSES = "DATASETS.CLASSES"
Cells = Sequence[float | None]  # percent of each measure of each column in turn


def reproduce(request: Request) -> Sheet:
    """Measure the rows asked for where there is data; show what was measured of all.

    A smoke needs none: it writes shapes where VOC and COCO are looked for. Table 9 at small scale
    is each extra alone.
    Raises: ValueError for a row that is not there or data that lack a set; as `Bench.measure`.
    """
    if (request.target, request.scale) == ("table9", "small"):
        return extras.reproduce(request)
    bench = _bench(request)
    table = _table(request, bench)
    systems = list(_systems(find_rows(table.rows, request.only)))
    bench.check_sets(systems)
    for system in systems:
        bench.measure(system)
    written = _publish(systems, bench) if request.publish else []
    return _sheet(request, table, bench, written)


def _bench(request: Request) -> Bench:
    keys = given_keys(request.overrides, smoke=request.smoke)
    if request.scale == "small":
        return _small_bench(request, keys)
    folder, data = request.folder, request.data
    data = smoke_datasets(folder) if request.smoke and data is None else data
    keys |= {"DATASETS.ROOT": data.absolute()} if data else {}
    published = None if request.smoke else config.CONFIG_FOLDER
    return Bench(folder / "runs", folder / "tests", data, keys, published)


def _small_bench(request: Request, given: Keys) -> Bench:
    """Of the data that is given, or of the only data that was measured before.

    Raises: ValueError where several were; as `fitted_keys`.
    """
    runs, tests, data = request.folder / "runs", request.folder / "tests", request.data
    if data:
        own = runs / data.resolve().name
        return Bench(own, tests / own.name, data, fitted_keys(data, own, given))
    begun = {file.parent.parent: file for file in sorted(runs.glob(f"*/own_*-seed1/{CONFIG}"))}
    if len(begun) > 1:
        names = ", ".join(folder.name for folder in begun)
        raise ValueError(f"--data must say which data is meant, got none; here are {names}")
    for folder, file in begun.items():
        classes = config.load(str(file)).DATASETS.CLASSES
        return Bench(folder, tests / folder.name, None, {_CLASSES: list(classes)})
    return Bench(runs, tests, None, given)


def _table(request: Request, bench: Bench) -> Table:
    """The paper's, or that of other data, by their classes."""
    if request.scale != "small" or _CLASSES not in bench.keys:
        return TABLES[request.target]
    cfg = config.load("own_r18", as_pairs({_CLASSES: bench.keys[_CLASSES]}))
    return small_table(cfg.DATASETS.CLASSES)


def _sheet(request: Request, table: Table, bench: Bench, written: Sequence[Path]) -> Sheet:
    picture = request.folder / f"{request.target}.png"
    sent = [path for system in _systems(table.rows) if (path := bench.to_send(system))]
    told = _made_with(table, bench)
    told += told_to_send(sent, table.columns[-1], table.measures[0])
    told += (
        [f"Of the rows asked for, set by hand: {' '.join(request.overrides)}."]
        if request.overrides
        else []
    )
    told += [SMOKE_REMARK] * request.smoke
    cells = [_cells(row, table, bench) for row in table.rows]
    title = table.title + ("" if request.scale == "full" else f" [{request.scale}]")
    _plot(table, cells, title, picture)
    heads = _heads(table)
    return Sheet(
        title=title,
        header=["", "", *(SHORT.get(head, head) for head in heads), "run"],
        rows=[line for row, own in zip(table.rows, cells) for line in _lines(row, own)],
        records=[_record(row, own, heads) for row, own in zip(table.rows, cells)],
        remarks=[table.remark, *told],
        words=frozenset({"", "run"}),
        pictures=[picture],
        files=[*sent, *written],
    )


def _systems(rows: Iterable[Row]) -> Iterable[System]:
    return (system for row in rows for system in row.systems if system)


def _publish(systems: Iterable[System], bench: Bench) -> list[Path]:
    """Beside the configs what was measured here."""
    written = []
    for system in systems:
        file = bench.results(system)
        if not file or file.parent != bench.place(system):
            continue
        results = read_written(file, "metrics")
        if any(results["metrics"].values()):
            written.append(config.CONFIG_FOLDER / f"{system.name}.json")
            outputs.write_json(written[-1], results)
    return written


def _made_with(table: Table, bench: Bench) -> list[str]:
    files = [file for system in _systems(table.rows) if (file := bench.results(system))]
    made = [Provenance.of(read_written(file)) for file in files]
    parts = [f"{one.hardware}, torch {one.packages.get('torch')}" for one in made]
    return [f"Ours: {distinct(parts)}."] if parts else []


def _cells(row: Row, table: Table, bench: Bench) -> Cells:
    unknown = [None] * len(table.measures)
    return [v for t in row.systems for v in (bench.values(t, table) if t else unknown)]


def _heads(table: Table) -> list[str]:
    if len(table.columns) == 1:
        return list(table.measures)
    return [f"{column}, {measure}" for column in table.columns for measure in table.measures]


def _printed(row: Row) -> list[str]:
    return [text for column in row.paper for text in column]


def _lines(row: Row, cells: Cells) -> list[list[str]]:
    """The paper's, where it printed any, and ours."""
    ours = ["" if value is None else f"{value:.1f}" for value in cells]
    run = "; ".join(system.name for system in _systems([row]))
    paper = [["paper", *_printed(row), ""]] if any(_printed(row)) else []
    first, *others = [*paper, ["ours", *ours, run]]
    return [[row.label, *first], *(["", *line] for line in others)]


def _record(row: Row, cells: Cells, heads: Sequence[str]) -> dict[str, Any]:
    paper = {f"{head}, paper": text for head, text in zip(heads, _printed(row))}
    ours = {head: "" if value is None else value for head, value in zip(heads, cells)}
    return {"row": row.label, **paper, **ours, "run": "; ".join(map(str, _systems([row])))}


def _plot(table: Table, cells: Sequence[Cells], title: str, picture: Path) -> None:
    """A panel for each measure; for each row, where there are more measures than rows."""
    heads = _heads(table)
    panels = {
        row.label: [_compared(*line) for line in zip(heads, _printed(row), own)]
        for row, own in zip(table.rows, cells)
    }
    if len(heads) <= len(panels):
        panels = {
            head: [replace(lines[at], label=label) for label, lines in panels.items()]
            for at, head in enumerate(heads)
        }
    plot_comparison(panels, picture, title=title)


def _compared(label: str, printed: str, value: float | None) -> Compared:
    return Compared(label, float(printed) if printed else None, () if value is None else (value,))
