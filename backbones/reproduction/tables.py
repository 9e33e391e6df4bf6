"""A table of the paper with ours beside it, of the lines of an experiment."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from backbones.reproduction.experiments import (
    COUNTED,
    MEASURES,
    SMOKE_LABEL,
    SMOKE_REMARK,
    Experiment,
    Row,
)
from backbones.reproduction.paper import number
from backbones.reproduction.plots import Compared, plot_comparison, plot_responses
from backbones.reproduction.runs import FinishedRun, Summary, comparable, conditions, distinct
from backbones.reproduction.sheet import PAPER, Sheet
from backbones.training.curves import TEST, TRAIN, Curve, plot_errors

# of one number; errors are printed with their mean and deviation
PRINTED = {"layers": ".0f", "parameters": ".2f", "multiply_adds": ".3f", "num_responses": ".0f"}
Drawn = TypeVar("Drawn")


@dataclass(frozen=True)
class Line:
    """A row of an experiment, what was counted of its network, and the runs that measured it."""

    experiment: Experiment
    row: Row
    counted: Mapping[str, float]
    runs: Sequence[FinishedRun]
    left_out: int = 0

    @classmethod
    def of(
        cls,
        experiment: Experiment,
        row: Row,
        counted: Mapping[str, float],
        runs: Sequence[FinishedRun],
    ) -> Line:
        """Those of the runs that measured something here and may stand in one mean."""
        measured = [measure for measure in experiment.measures if measure not in COUNTED]
        found = [
            run for run in runs if any(_measured(experiment, run, m) is not None for m in measured)
        ]
        kept = comparable(found)
        return cls(experiment, row, counted, kept, len(found) - len(kept))

    def values(self, measure: str) -> tuple[float, ...]:
        """A number for each run, or what was counted; () where nothing was."""
        if measure in COUNTED:
            return (self.counted[measure],) if measure in self.counted else ()
        found = (_measured(self.experiment, run, measure) for run in self.runs)
        return tuple(value for value in found if value is not None)

    def printed(self, measure: str) -> str:
        """The paper's cell; empty where it printed nothing."""
        return self.experiment.paper.get(self.row.label, {}).get(measure, "")

    def text(self, measure: str) -> str:
        """Our cell; empty where nothing was measured."""
        values = self.values(measure)
        if not values:
            return ""
        return f"{values[0]:{PRINTED[measure]}}" if measure in PRINTED else str(Summary(values))

    def conditions(self) -> str:
        """Under which our cells were measured."""
        others = f"; {self.left_out} more of other length or data" if self.left_out else ""
        return conditions(self.runs, self.experiment.dataset) + others


@dataclass(frozen=True)
class Table:
    """The lines of an experiment; those of a smoke are told apart wherever they are shown."""

    experiment: Experiment
    lines: Sequence[Line]
    smoke: bool

    @property
    def title(self) -> str:
        """Of the page and the picture."""
        return self.experiment.title + (f" [{SMOKE_LABEL}]" if self.smoke else "")

    def sheet(self, pictures: Sequence[Path] = (), files: Sequence[Path] = ()) -> Sheet:
        """The paper's numbers beside ours; ours as best (mean±std) of several runs."""
        header, rows = ["network"], [[line.row.label] for line in self.lines]
        measures = set()
        for measure in self.experiment.measures:
            printed, name = any(line.printed(measure) for line in self.lines), MEASURES[measure]
            header += [f"{name}: {PAPER}", f"{name}: ours"] if printed else [name]
            measures |= set() if measure in COUNTED else {header[-1]}
            for cells, line in zip(rows, self.lines):
                cells += [line.printed(measure)] if printed else []
                cells.append(line.text(measure))
        if self.experiment.trains:
            header.append("conditions")
            for cells, line in zip(rows, self.lines):
                cells.append(line.conditions())
        return Sheet(
            title=self.title,
            header=header,
            rows=rows,
            records=[self._record(line) for line in self.lines],
            remarks=[*filter(None, (self.experiment.remark, SMOKE_REMARK if self.smoke else ""))],
            words=frozenset({"network", "conditions"}),
            pictures=pictures,
            files=files,
            measures=frozenset(measures),
        )

    def plot(self, picture: Path) -> None:
        """The figure of the paper; of a table its numbers as points."""
        experiment = self.experiment
        if experiment.picture == "errors":
            title = f"{self.title}\ntraining (thin) and test (bold) error"
            panels = self._by_panel(_curve)
            plot_errors(panels, picture, title=title, limits=experiment.limits)
        elif experiment.picture == "responses":
            plot_responses(self._by_panel(_responses), picture, title=self.title)
        else:
            shown = [m for m in experiment.measures if m not in ("layers", "parameters")]
            compared = {MEASURES[m]: [_compared(line, m) for line in self.lines] for m in shown}
            plot_comparison(compared, picture, title=self.title)

    def _record(self, line: Line) -> dict[str, Any]:
        record: dict[str, Any] = {"network": line.row.label}
        for measure in self.experiment.measures:
            values = line.values(measure)
            record[f"paper_{measure}"] = line.printed(measure)
            record[measure] = min(values, default="")
            if measure not in PRINTED:
                record[f"{measure}_mean"] = Summary(values).mean if values else ""
                record[f"{measure}_std"] = Summary(values).std if values else ""
        return record | (self._provenance(line.runs) if self.experiment.trains else {})

    def _provenance(self, runs: Sequence[FinishedRun]) -> dict[str, Any]:
        results = [run.values for run in runs]
        made = [run.provenance for run in runs]
        return {
            "runs": len(runs) or "",
            "iterations": runs[0].iterations if runs else "",
            "seeds": " ".join(str(values.get("seed", "")) for values in results),
            "hardware": distinct(one.hardware for one in made),
            "torch": distinct(one.packages.get("torch", "") for one in made),
            "torchvision": distinct(one.packages.get("torchvision", "") for one in made),
            "data": runs[0].data if runs else "",
            "scale": SMOKE_LABEL if self.smoke else "full",
        }

    def _by_panel(self, draw: Callable[[Line], Drawn]) -> dict[str, list[Drawn]]:
        """Of each panel of the figure, the lines that were measured."""
        measured = [line for line in self.lines if line.runs]
        return {
            panel: [draw(line) for line in measured if panel in line.row.panels]
            for panel in self.experiment.panels
        }


def _measured(experiment: Experiment, run: FinishedRun, measure: str) -> float | None:
    responses = run.responses
    if measure == "num_responses":
        return len(responses) or None
    if measure == "mean_response":
        return sum(responses) / len(responses) if responses else None
    return run.errors(experiment.test).get(measure)


def _curve(line: Line) -> Curve:
    """Of the first seed: no run is chosen for its looks."""
    run = line.runs[0]
    return Curve(line.row.label, run.curve(TRAIN), run.curve(TEST), line.row.colour)


def _responses(line: Line) -> tuple[str, Sequence[float], int]:
    return line.row.label, line.runs[0].responses, line.row.colour


def _compared(line: Line, measure: str) -> Compared:
    printed = line.printed(measure)
    return Compared(line.row.label, number(printed) if printed else None, line.values(measure))
