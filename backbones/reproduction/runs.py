"""What runs have measured: read from their folders, or from the results beside the configs."""

from __future__ import annotations

import json
import os
import statistics
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbones.evaluation.protocol import Test
from backbones.files.atomic import write_bytes
from backbones.files.run_folder import METRICS
from backbones.reproduction.experiments import NUM_CLASSES, NUM_TEST_IMAGES, Network
from backbones.reproduction.written import check_written, read_written
from backbones.terminal.wording import count
from backbones.training.curves import TEST, TRAIN, Points, format_iterations, read_curves, thin
from backbones.training.length import ITERATIONS
from backbones.training.results import RESULTS, Provenance
from backbones.weights.checkpoint import last

EXTRA = "reproduction.json"  # beside it: the data's kind, further tests, layer responses
DECIMALS = 4  # of a published number
_NEEDED = ("metrics", "iterations")  # of results
_PATHS = ("DATASETS.ROOT", "MODEL.WEIGHTS")


@dataclass(frozen=True)
class FinishedRun:
    """What its results.json holds with what EXTRA adds; `folder` is None if published."""

    values: Mapping[str, Any]
    folder: Path | None = None

    @property
    def iterations(self) -> int:
        """Of training; of an ensemble, of its members."""
        return int(self.values["iterations"])

    @property
    def data(self) -> str:
        """How the images are stored, where that differs from the original."""
        return str(self.values.get("data", ""))

    @property
    def responses(self) -> list[float]:
        """Standard deviations by layer, or none."""
        return [std for _, std in self.values.get("responses", ())]

    @property
    def provenance(self) -> Provenance:
        """What it was made on and with."""
        return Provenance.of(self.values)

    def errors(self, test: Test) -> Mapping[str, float]:
        """Measure -> percent; empty where this test was not made."""
        found = self.values["metrics"] if test == "single" else self.values.get("tests", {})
        return found if test == "single" else found.get(test, {})

    def curve(self, name: str) -> Points:
        """(iteration, value), ... of training; empty where unknown."""
        if self.folder is None:
            return [(x, y) for x, y in self.values.get("curve", {}).get(name, ())]
        metrics = self.folder / METRICS
        return read_curves(metrics).get(name, []) if metrics.is_file() else []


@dataclass(frozen=True)
class Summary:
    """The numbers of several runs, at least one."""

    values: tuple[float, ...]

    @property
    def best(self) -> float:
        """The smallest: all that is repeated is an error."""
        return min(self.values)

    @property
    def mean(self) -> float:
        """Over the runs."""
        return statistics.fmean(self.values)

    @property
    def std(self) -> float | None:
        """Of the sample; of a single run there is none."""
        return statistics.stdev(self.values) if len(self.values) > 1 else None

    def __str__(self) -> str:
        """As the paper prints: best (mean±std), or the one number. Source: Table 6."""
        if self.std is None:
            return f"{self.best:.2f}"
        return f"{self.best:.2f} ({self.mean:.2f}±{self.std:.2f})"


def collect(network: Network, runs: Path, published: Path | None) -> list[FinishedRun]:
    """The finished runs under `runs`, by seed; if there is none, those of the folder `published`.

    Raises: ValueError naming a file that does not hold results.
    """
    found = [read_run(folder) for folder in finished(network.name, runs)]
    file = published / f"{network.name}.json" if published else None
    return found or (read_published(file) if file and file.is_file() else [])


def finished(name: str, runs: Path) -> list[Path]:
    """The folders of the finished runs of a name under `runs`, by seed."""
    prefix = f"{name}-seed"
    folders = [path for path in runs.glob(f"{prefix}*") if path.name[len(prefix) :].isdigit()]
    folders.sort(key=lambda path: int(path.name[len(prefix) :]))
    return [folder for folder in folders if (folder / RESULTS).is_file()]


def run_folder(network: Network, runs: Path, seed: int) -> Path:
    """Where the run of this seed lies."""
    return runs / f"{network.name}-seed{seed}"


def read_run(folder: Path) -> FinishedRun:
    """A run that has written its results."""
    extra = folder / EXTRA
    values = read_written(folder / RESULTS, *_NEEDED)
    return FinishedRun(values | (read_written(extra) if extra.is_file() else {}), folder)


def read_published(file: Path) -> list[FinishedRun]:
    """{"runs": [...]}, or the results of one run."""
    values = read_written(file)
    records = values.get("runs", [values])
    return [FinishedRun(check_written(record, file, *_NEEDED)) for record in records]


def publish(runs: Sequence[FinishedRun], file: Path) -> None:
    """Write what `runs` measured, with their curves, as `read_published` reads it."""
    records = [
        {
            **run.values,
            "curve": {
                name: [[_rounded(x), _rounded(y)] for x, y in thin(run.curve(name))]
                for name in (TRAIN, TEST)
            },
        }
        for run in runs
    ]
    lines = ",\n".join(json.dumps(record, ensure_ascii=False) for record in records)
    write_bytes(file, f'{{"runs": [\n{lines}\n]}}\n'.encode())


def add(folder: Path, values: Mapping[str, Any]) -> None:
    """Put `values` into EXTRA of a run; dicts are merged."""
    path = folder / EXTRA
    known = read_written(path) if path.is_file() else {}
    for key, value in values.items():
        known[key] = {**known.get(key, {}), **value} if isinstance(value, dict) else value
    _write(path, known)


def overrides(folder: Path) -> list[str] | None:
    """The keys set by hand in the run of `folder`; None if nobody recorded them."""
    path = folder / EXTRA
    return read_written(path).get("overrides") if path.is_file() else None


def check_begun(folder: Path, told: Sequence[str]) -> None:
    """A run goes on by the KEY VALUE pairs it began with; its length may change, and how a path is
    written.

    Raises: ValueError with those that differ.
    """
    begun = overrides(folder) if last(folder) is not None else None
    if begun is None:
        return
    before, now = (dict(zip(pairs[::2], pairs[1::2])) for pairs in (begun, told))
    keys = [key for key in {**before, **now} if key != ITERATIONS]
    differ = [key for key in keys if _meant(key, before) != _meant(key, now)]
    if differ:
        had, got = (
            " ".join(f"{key} {pairs[key]}" for key in differ if key in pairs) or "none"
            for pairs in (before, now)
        )
        raise ValueError(
            f"keys of the run in {folder} must be those it began with, {had}, got {got}; "
            "give these, or another --output"
        )


def _meant(key: str, pairs: Mapping[str, str]) -> str | None:
    """The value, a path in full; None where there is none."""
    value = pairs.get(key)
    return os.path.abspath(value.strip("\"'")) if value and key in _PATHS else value


def write(folder: Path, values: Mapping[str, Any]) -> None:
    """Results of what is no training run; their presence says that it is finished."""
    _write(folder / RESULTS, values)


def comparable(runs: Sequence[FinishedRun]) -> list[FinishedRun]:
    """The runs of the most iterations, of the data and by the recipe of the first of them."""
    longest = [run for run in runs if run.iterations == max(r.iterations for r in runs)]
    return [run for run in longest if _recipe(run) == _recipe(longest[0])]


def conditions(runs: Sequence[FinishedRun], dataset: str) -> str:
    """Iterations, number of runs, hardware, versions, and what is not as in the paper; "" of none.

    That is: images stored otherwise, fewer classes or test images, keys set by hand.
    """
    if not runs:
        return ""
    torch = [run.provenance.packages.get("torch") for run in runs]
    return ", ".join(
        [
            f"{format_iterations(runs[0].iterations)} iterations",
            *_distinct(_members(run) for run in runs),
            count(len(runs), "run"),
            *_distinct(run.provenance.hardware for run in runs),
            *_distinct(f"torch {version}" if version else "" for version in torch),
            *_distinct(run.data for run in runs),
            *_distinct(_fewer_images(run, dataset) for run in runs),
            *_distinct(" ".join(run.values.get("overrides", ())) for run in runs),
        ]
    )


def distinct(texts: Iterable[str]) -> str:
    """Each text once, in the order of first appearance."""
    return " / ".join(_distinct(texts))


def _distinct(texts: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text))


def _recipe(run: FinishedRun) -> tuple[Any, ...]:
    return run.data, run.values.get("overrides", []), run.values.get("num_classes")


def _members(run: FinishedRun) -> str:
    members = run.values.get("members", ())
    return count(len(members), "network") if members else ""


def _fewer_images(run: FinishedRun, dataset: str) -> str:
    classes = run.values.get("num_classes", NUM_CLASSES[dataset])
    images = run.values.get("num_images", {}).get("test", NUM_TEST_IMAGES[dataset])
    if (classes, images) == (NUM_CLASSES[dataset], NUM_TEST_IMAGES[dataset]):
        return ""
    return f"{count(images, 'test image')} of {count(classes, 'class', 'classes')}"


def _rounded(value: float) -> float:
    return round(value, DECIMALS)


def _write(path: Path, values: Mapping[str, Any]) -> None:
    write_bytes(path, (json.dumps(values, indent=2) + "\n").encode())
