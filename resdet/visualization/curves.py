"""Learning curves from the metrics.json of a run."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from resdet.visualization.draw import PALETTE

Points = list[tuple[float, float]]


def plot_learning_curve(metrics: Path, picture: Path) -> None:
    """Loss terms above, learning rate and AP below, over iterations; a PNG.

    Raises: ValueError if no line of the file holds a loss.
    """
    curves = read_curves(metrics)
    losses = {name: points for name, points in curves.items() if "loss" in name}
    scores = {name: points for name, points in curves.items() if _is_score(name)}
    if not losses:
        raise ValueError(f"metrics must hold lines with a loss, got none in {metrics}")
    figure = Figure(figsize=(8, 6 if scores else 4), layout="constrained")
    FigureCanvasAgg(figure)
    panels = [(losses, "loss"), *([(scores, "AP (fraction)")] if scores else [])]
    rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
    for axes, (group, title) in zip(rows, panels):
        for (name, points), colour in zip(group.items(), PALETTE * len(group)):
            x, y = zip(*points)
            shade = [channel / 255 for channel in colour]
            axes.plot(x, y, label=name, color=shade, linewidth=1.2, marker=_mark(points))
        axes.set(xlabel="iteration", ylabel=title, ylim=(0, None))
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small", ncols=2)
    picture.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(picture, dpi=120, format="png")


def read_curves(metrics: Path) -> dict[str, Points]:
    """Name -> [(iteration, value), ...]; a line that a crash cut short is passed over."""
    curves: dict[str, Points] = {}
    for line in _lines(metrics):
        for name, value in line.items():
            if name != "iteration" and isinstance(value, (int, float)):
                curves.setdefault(name, []).append((line["iteration"], value))
    return curves


def _lines(metrics: Path) -> Iterator[dict[str, Any]]:
    with metrics.open(encoding="utf-8") as file:
        for text in file:
            try:
                line = json.loads(text)
            except json.JSONDecodeError:
                continue
            if isinstance(line, dict) and "iteration" in line:
                yield line


def _is_score(name: str) -> bool:
    last = name.rsplit("/", 1)[-1]
    return last.startswith(("mAP", "AP")) and "AP-" not in last


def _mark(points: Points) -> str:
    return "o" if len(points) == 1 else ""
