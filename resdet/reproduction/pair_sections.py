"""What was measured of a pair on one data set, as it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from fvcore.common.config import CfgNode

from backbones.reproduction.runs import distinct
from backbones.reproduction.written import read_written
from backbones.terminal.wording import count
from backbones.training.results import RESULTS, Provenance
from resdet import config
from resdet.evaluation.comparison.compare import METHOD, Comparison, compare
from resdet.evaluation.comparison.sides import MeasuredRun, Side
from resdet.evaluation.measures import convention, sections
from resdet.reproduction.extras_table import GAIN
from resdet.reproduction.pair_runs import Run
from resdet.reproduction.pair_tables import Row, Table, deviations, subjects
from resdet.reproduction.server import SERVER, answered
from resdet.training.fitting import CONFIG

Section = Mapping[str, Any]


@dataclass(frozen=True)
class Finished:
    """A finished run and what it measured; None where a server has the objects."""

    run: Run
    result: MeasuredRun | None

    @property
    def trained(self) -> Mapping[str, Any]:
        """What its training left."""
        return read_written(self.run.folder / RESULTS, "iterations", "seconds", "seed")


Pair = Mapping[Row, Sequence[Finished]]  # the baseline first


def compared(pair: Pair) -> Comparison | None:
    """The other against the baseline; None where one of them has no result."""
    sides = [
        Side(row.network, tuple(one.result for one in tested if one.result))
        for row, tested in pair.items()
    ]
    return compare(sides[0], sides[1:]) if all(side.runs for side in sides) else None


def section(table: Table, pair: Pair, comparison: Comparison | None) -> dict[str, Any]:
    """Values of each run in fractions, gains with their intervals, and how they were made.

    Raises: ValueError for an answer of a server that is none.
    """
    cfgs = [_cfg(tested[0]) if tested else None for tested in pair.values()]
    return {
        "data": next(iter(pair)).data,
        "rows": [
            {"config": row.config, "runs": [_run(table, one) for one in tested]}
            for row, tested in pair.items()
        ],
        "gains": _gains(table, comparison) if comparison else {},
        "method": METHOD,
        "made": _made([one for tested in pair.values() for one in tested]),
        "deviations": deviations(table, cfgs),
    }


def _run(table: Table, one: Finished) -> dict[str, Any]:
    if one.result:
        known = {measure.key: value for measure, value in one.result.measured.values.items()}
        values = [known[name] for name in table.measures.values()]
    else:
        percents = answered(one.run.folder / SERVER, list(table.measures))
        values = [None if value is None else value / 100 for value in percents]
    told = {key: one.trained[key] for key in ("seed", "iterations", "seconds")}
    return {**told, "values": dict(zip(table.measures, values))}


def _gains(table: Table, comparison: Comparison) -> dict[str, Any]:
    known = {row.name: row.to_dict() for row in comparison.rows[0]}
    return {
        ours: {column: known[name][column] for column in GAIN}
        for ours, name in table.measures.items()
    }


def _cfg(one: Finished) -> CfgNode:
    return config.load(str(one.run.folder / CONFIG))


def _made(tested: Sequence[Finished]) -> str:
    """On which data, in how many iterations, on what."""
    cfgs = [_cfg(one) for one in tested]
    made = [Provenance.of(one.trained) for one in tested]
    batches = distinct(count(cfg.SOLVER.IMS_PER_BATCH, "image") for cfg in cfgs)
    lengths = distinct(count(one.trained["iterations"], "iteration") for one in tested)
    results = (convention(sections(one.result.result)[0]) for one in tested if one.result)
    return "; ".join(
        (
            f"trained on {distinct(', '.join(cfg.DATASETS.TRAIN) for cfg in cfgs)}",
            f"tested on {distinct(', '.join(cfg.DATASETS.TEST) for cfg in cfgs)}",
            distinct(results) or "not scored",
            f"{lengths} of {batches}",
            distinct(f"{one.hardware}, torch {one.packages.get('torch')}" for one in made),
        )
    )


def nothing_of(rows: Sequence[Row]) -> Section:
    """The section of a pair that nobody measured."""
    unknown = [{"config": row.config, "runs": []} for row in rows]
    return {"data": rows[0].data, "rows": unknown, "gains": {}, "made": "", "deviations": []}


def about(section: Section) -> tuple[str, ...]:
    """The data and the configs: a section of the same stands in its place."""
    return section["data"], *(row["config"] for row in section["rows"])


def beside_paper(table: Table, found: Sequence[Section]) -> list[Section]:
    """The pairs of the paper, measured or not, then all others."""
    empty = map(nothing_of, table.pairs())
    return list({about(one): one for one in (*empty, *found)}.values())


def told_of(found: Sequence[Section], kept: Path) -> list[str]:
    """How each was measured, and what is not as in the paper, of which `kept` tells the values."""
    measured = [one for one in found if one["made"]]
    departed = subjects(list(chain.from_iterable(one["deviations"] for one in measured)))
    told = [f"{one['data']}: {one['made']}." for one in measured]
    line = f"Not as in the paper: {', '.join(departed)}; {kept} tells each value."
    return told + [line] * bool(departed)
