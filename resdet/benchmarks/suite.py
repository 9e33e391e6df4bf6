"""The benchmarks by name, and their results as tables: ways side by side, ratios to a peer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from rich.table import Table

from backbones.benchmarks.inference import benchmark_inference
from backbones.benchmarks.input import benchmark_input
from backbones.benchmarks.synthetic import benchmark_synthetic_training
from backbones.benchmarks.training import benchmark_training
from resdet.benchmarks.detector_task import Work
from resdet.benchmarks.detectors import Wanted, benchmark_detectors, profile_tables
from resdet.benchmarks.evaluation import benchmark_evaluation
from resdet.benchmarks.evaluation import tables as evaluation_tables
from resdet.benchmarks.files import benchmark_files
from resdet.benchmarks.input import benchmark_detection_input
from resdet.benchmarks.scaling import benchmark_scaling
from resdet.benchmarks.scaling_plot import plot_scaling
from resdet.benchmarks.visualize import benchmark_visualize

OURS = "resdet"
# what a result may be measured in -> how a table writes it
_FIGURES = {
    "images_per_second": "{:.1f} img/s",
    "iterations_per_second": "{:.2f} iterations/s",
    "seconds": "{:.3f} s",
}
_BESIDE = {"processor_seconds": "{:.3f} of processors", "peak_megabytes": "{:.0f} MB"}
_SHARES = ("share_of_limit", "of_decode_alone")
_UNTOLD = ("networks", "kinds", "shorter_side")  # levels of a result that say nothing


def measure_input(images: Path | None = None, rounds: int = 5) -> dict[str, Any]:
    """Training images of classifiers and of detectors; `images`: a folder of JPEGs [drawn]."""
    return {
        "classification": benchmark_input(images, rounds=rounds),
        "detection": benchmark_detection_input(images, rounds=rounds),
    }


def measure_detectors(work: Work, **options: Any) -> dict[str, Any]:
    """Detectors, by weights in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        return benchmark_detectors(work, Path(folder), Wanted(**options))


def measure_scaling(device: str = "cpu", plot: Path | None = None) -> dict[str, Any]:
    """How cost grows along every axis; `plot` is a PNG of it."""
    measured = benchmark_scaling(device=device)
    if plot:
        plot_scaling(measured, plot)
    return measured


def measure_training(config: str | None = None, **options: Any) -> dict[str, Any]:
    """The training of `config` beside the usual loop, or training on pixels of the device."""
    if config is None:
        return benchmark_synthetic_training(**options)
    options = {"rounds": 3, **options}
    overrides, variant = options.pop("overrides"), options.pop("variant")
    return benchmark_training(config, overrides, variant, **options)


BENCHMARKS: Mapping[str, Callable[..., dict[str, Any]]] = {
    "input": measure_input,
    "infer-backbone": benchmark_inference,
    "train-backbone": measure_training,
    "infer-det": partial(measure_detectors, "infer"),
    "train-det": partial(measure_detectors, "train"),
    "scaling": measure_scaling,
    "eval": benchmark_evaluation,
    "files": benchmark_files,
    "visualize": benchmark_visualize,
}


def tables(name: str, measured: Mapping[str, Any]) -> list[Table]:
    """What a person wants to see of `BENCHMARKS[name]`."""
    if name == "eval":
        return evaluation_tables(measured)
    if name == "scaling":
        return [_scaling_table(measured)]
    versions = [f"{peer} {version}" for peer, version in measured_on(measured)["versions"].items()]
    table = Table(title=name, title_justify="left")
    table.caption = f"{measured_on(measured)['hardware']}, {', '.join(versions)}"
    table.caption_justify = "left"
    for heading in ("what", "way"):
        table.add_column(heading)
    for heading in ("figure", "resdet is", "of the limit"):
        table.add_column(heading, justify="right")
    for line in lines(measured):
        share = "" if line.share is None else f"{line.share:.0%}"
        table.add_row(line.what, line.way, line.figure, times(line.ratio), share)
    return [table, *(profile_tables(measured) if "kinds" in measured else [])]


def times(ratio: float) -> str:
    """1.5x: so many times as fast."""
    return f"{ratio:.2f}x"


def measured_on(measured: Mapping[str, Any]) -> Mapping[str, Any]:
    """The part of a result that names hardware and versions."""
    if "hardware" in measured:
        return measured
    return next(p for p in measured.values() if isinstance(p, Mapping) and "hardware" in p)


class Line(NamedTuple):
    """One way: its figure, how many times as fast ours is, its share of what the device can do."""

    what: str
    way: str
    figure: str
    ratio: float
    share: float | None


def lines(measured: Mapping[str, Any], what: str = "") -> Iterator[Line]:
    """Every way in a result, however deep; the ratio is to ours, or to the first where none is."""
    key = next((key for key in _FIGURES if isinstance(measured.get(key), Mapping)), None)
    if key:
        figures = measured[key]
        shares: Mapping[str, float] = next((measured[s] for s in _SHARES if s in measured), {})
        ours = figures[OURS if OURS in figures else next(iter(figures))]
        for way, figure in figures.items():
            ratio = figure / ours if key == "seconds" else ours / figure
            told = [_FIGURES[key].format(figure), *_beside(measured, way)]
            yield Line(what, way, ", ".join(told), ratio, shares.get(way))
        return
    for name, part in measured.items():
        if isinstance(part, Mapping):
            below = "" if name in _UNTOLD else name
            yield from lines(part, f"{what} {below}".strip())


def _beside(measured: Mapping[str, Any], way: str) -> Iterator[str]:
    """What else was measured of a way."""
    for key, form in _BESIDE.items():
        value = measured.get(key)
        if isinstance(value, Mapping) and value.get(way):
            yield form.format(value[way])


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
