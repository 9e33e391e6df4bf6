"""The benchmarks by name, and their results as tables: ways side by side, ratios to a peer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.table import Table

from backbones.benchmarks.inference import benchmark_inference
from backbones.benchmarks.input import benchmark_input
from resdet.benchmarks.detectors import Work, benchmark_detectors
from resdet.benchmarks.evaluation import benchmark_evaluation
from resdet.benchmarks.evaluation import tables as evaluation_tables
from resdet.benchmarks.input import benchmark_detection_input
from resdet.benchmarks.scaling import benchmark_scaling
from resdet.benchmarks.scaling_plot import plot_scaling

# what a result may be measured in -> how a table writes it
_FIGURES = {"images_per_second": "{:.1f} img/s", "seconds": "{:.3f} s"}


def measure_input(images: Path | None = None, rounds: int = 5) -> dict[str, Any]:
    """Training images of classifiers and of detectors; `images`: a folder of JPEGs [drawn]."""
    return {
        "classification": benchmark_input(images, rounds=rounds),
        "detection": benchmark_detection_input(images, rounds=rounds),
    }


def measure_detectors(work: Work, side: int = 320) -> dict[str, Any]:
    """Detectors at `side` pixels of the shorter side, in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        return benchmark_detectors(work, Path(folder), side=side)


def measure_scaling(device: str = "cpu", plot: Path | None = None) -> dict[str, Any]:
    """How cost grows along every axis; `plot` is a PNG of it."""
    measured = benchmark_scaling(device=device)
    if plot:
        plot_scaling(measured, plot)
    return measured


BENCHMARKS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "input": measure_input,
    "infer-backbone": benchmark_inference,
    "infer-det": lambda side=320: measure_detectors("infer", side),
    "train-det": lambda side=320: measure_detectors("train", side),
    "scaling": measure_scaling,
    "eval": benchmark_evaluation,
}


def tables(name: str, measured: Mapping[str, Any]) -> list[Table]:
    """What a person wants to see of `BENCHMARKS[name]`."""
    if name == "eval":
        return evaluation_tables(measured)
    if name == "scaling":
        return [_scaling_table(measured)]
    table = Table(title=name, title_justify="left")
    for heading in ("what", "way"):
        table.add_column(heading)
    for heading in ("figure", "ratio"):
        table.add_column(heading, justify="right")
    for what, way, figure, ratio in lines(measured):
        table.add_row(what, way, figure, f"{ratio:.2f}")
    return [table]


def lines(measured: Mapping[str, Any], what: str = "") -> Iterator[tuple[str, str, str, float]]:
    """(what, way, figure, ratio) of everything in a result that has ratios, however deep."""
    figures = next((key for key in _FIGURES if key in measured), None)
    if figures and "ratio" in measured:
        for way, ratio in measured["ratio"].items():
            yield what, way, _FIGURES[figures].format(measured[figures][way]), ratio
        return
    for key, part in measured.items():
        if isinstance(part, Mapping):
            yield from lines(part, f"{what} {key}".strip())


def _scaling_table(measured: Mapping[str, Any]) -> Table:
    """How each cost grows along each axis: the exponent of the axis, over its whole range."""
    table = Table(title="cost grows as size ^ exponent", title_justify="left")
    table.add_column("axis")
    costs = ("work", "seconds", "megabytes")
    for cost in costs:
        table.add_column(cost, justify="right")
    table.add_column("faster than its work")
    for axis, grown in measured["axes"].items():
        exponents = grown.get("exponent", {})
        cells = (f"{exponents[cost]:.2f}" if cost in exponents else "" for cost in costs)
        table.add_row(axis, *cells, ", ".join(grown.get("faster_than_work", ())))
    return table
