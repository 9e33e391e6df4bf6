"""Curves over iterations: what metrics.json of a run holds, and runs beside each other."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from backbones.files.atomic import atomic_write

Points = Sequence[tuple[float, float]]  # (iteration, value)

# Okabe and Ito (2008), told apart without red or green cones; without the yellow, too light
# for a line on white.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
TEST, TRAIN = "top1_error", "train_error"
MOST_POINTS = 200  # of a compared curve: means over stretches of it, as wide as 0.5 % of it
DOTS_PER_INCH = 120


@dataclass(frozen=True)
class Curve:
    """Training and test error of a run; `colour` counts through COLOURS.

    Unit: percent.
    """

    label: str
    train: Points
    test: Points
    colour: int = 0


def plot_errors(
    panels: Mapping[str, Sequence[Curve]],
    picture: Path,
    *,
    title: str,
    limits: tuple[float, float] = (0.0, 100.0),
) -> None:
    """Errors of several runs, a panel for each title: training thin and dashed, test bold; a PNG.

    Beyond the `limits` nothing is shown, as in the paper, unless a run ends there.

    Unit: percent.
    Source: He et al. 2016, Fig. 1, 4, 6.
    """
    figure = new_figure(1 + 4.5 * len(panels), 4.2)
    figure.suptitle(title, fontsize="medium")
    every = [curve for curves in panels.values() for curve in curves]
    low, high = _limits(every, limits)
    row = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (name, curves) in zip(row, panels.items()):
        for curve in curves:
            _draw(axes, curve)
        axes.set(title=name, xlabel="iteration", ylabel="error (%)", ylim=(low, high))
        axes.set_xlim(0, None)
        if curves:
            axes.plot([], [], label="training", color="0.4", linewidth=0.8, linestyle="--")
        finish(axes)
    save_figure(figure, picture)


def read_curves(metrics: Path) -> dict[str, list[tuple[float, float]]]:
    """Name -> [(iteration, value), ...]; a line that a crash cut short is passed over."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for line in _lines(metrics):
        for name, value in line.items():
            if name != "iteration" and isinstance(value, (int, float)):
                curves.setdefault(name, []).append((line["iteration"], value))
    return curves


def thin(points: Points, most: int = MOST_POINTS) -> Points:
    """At most `most` points: the means of stretches of equal count."""
    if len(points) <= most:
        return points
    edges = [len(points) * i // most for i in range(most + 1)]
    stretches = (points[a:b] for a, b in itertools.pairwise(edges))
    return [(_mean(x for x, _ in part), _mean(y for _, y in part)) for part in stretches]


def format_iterations(value: float, _: float = 0) -> str:
    """32000 -> "32k", 2500 -> "2.5k", 500 -> "500"."""
    return f"{value / 1000:g}k" if abs(value) >= 1000 else f"{value:g}"


def _lines(metrics: Path) -> Iterator[dict[str, Any]]:
    with metrics.open(encoding="utf-8") as file:
        for text in file:
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                continue
            if isinstance(line, dict) and "iteration" in line:
                yield line


def _mean(values: Iterator[float]) -> float:
    known = list(values)
    return sum(known) / len(known)


def _limits(curves: Sequence[Curve], limits: tuple[float, float]) -> tuple[float, float]:
    """`limits`, or all there is where a curve ends outside of them."""
    ends = [points[-1][1] for c in curves for points in (c.train, c.test) if points]
    shown = all(limits[0] <= end <= limits[1] for end in ends)
    return limits if shown else (0.0, 100.0)


def _draw(axes: Axes, curve: Curve) -> None:
    colour = colour_of(curve.colour)
    train, test = thin(curve.train), thin(curve.test)
    if train:
        axes.plot(*zip(*train), color=colour, linewidth=0.8, linestyle="--")
    if test:
        mark = "o" if len(test) == 1 else ""
        axes.plot(*zip(*test), color=colour, linewidth=2.0, marker=mark, label=curve.label)


def colour_of(number: int) -> str:
    """The colours repeat after seven."""
    return COLOURS[number % len(COLOURS)]


def finish(axes: Axes, legend: Literal["best", "lower right"] = "best") -> None:
    """Ticks, grid and legend, or the remark that nothing was measured."""
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(format_iterations)
    axes.yaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10]))
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(loc=legend, fontsize="small", ncols=2)
    else:
        axes.set_xticks([])
        axes.text(0.5, 0.5, "not measured", ha="center", color="0.4", transform=axes.transAxes)


def new_figure(width: float, height: float) -> Figure:
    """Of so many inches; it asks for no display and leaves no state."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save_figure(figure: Figure, picture: Path) -> None:
    """Write a PNG, and the folders to it; whole or not at all."""
    with atomic_write(picture) as file:
        figure.savefig(file, dpi=DOTS_PER_INCH, format="png")
