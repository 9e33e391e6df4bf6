"""A picture of how cost grows: a panel an axis, each cost as a multiple of its first one."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from backbones.files.atomic import write_bytes

_COLUMNS = 4
_NEARLY_FLAT = 8.0  # a panel reaches as far at least: noise is not to look like growth
_LINES = {  # cost: its colour, mark and word
    "work": ("#6b6b6b", "", "work"),
    "seconds": ("#0072b2", "o", "time"),
    "megabytes": ("#d55e00", "s", "memory"),
}


def plot_scaling(measured: Mapping[str, Any], path: Path) -> None:
    """Write a PNG of what `benchmark_scaling` measured."""
    axes = measured["axes"]
    rows = math.ceil(len(axes) / _COLUMNS)
    figure = Figure(figsize=(3.2 * _COLUMNS, 2.7 * rows + 0.5), layout="constrained")
    figure.suptitle(
        f"Cost of a step as a multiple of its first one; {measured['hardware']}, "
        f"torch {measured['versions']['torch']}",
        x=0.01,
        ha="left",
        fontsize=10,
    )
    grid = figure.subplots(rows, _COLUMNS, squeeze=False).flat
    for (name, axis), panel in zip(axes.items(), grid):
        panel.tick_params(labelsize=7)
        (_processes if name == "processes" else _growth)(panel, name, axis)
    for panel in grid[len(axes) :]:
        panel.set_axis_off()
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=130)
    write_bytes(path, buffer.getvalue())


def _growth(panel: Axes, name: str, axis: Mapping[str, Any]) -> None:
    highest = _NEARLY_FLAT
    for cost, (colour, mark, word) in _LINES.items():
        values = axis[cost]
        if None in values:
            continue
        style = "--" if cost == "work" else "-"
        label = f"{word} {axis['exponent'][cost]:.2f}"
        label += " (faster than work)" if cost in axis["faster_than_work"] else ""
        relative = [value / values[0] for value in values]
        highest = max(highest, *relative)
        panel.plot(
            axis["values"], relative, style, color=colour, marker=mark, markersize=4, label=label
        )
    panel.set(xscale="log", yscale="log", ylim=(0.5, 1.5 * highest))
    panel.set_xticks(axis["values"], [f"{value:,}" for value in axis["values"]])
    panel.minorticks_off()
    panel.set_title(name, fontsize=9, loc="left")
    panel.legend(fontsize=7, frameon=False, title="exponent", title_fontsize=7, loc="upper left")


def _processes(panel: Axes, name: str, axis: Mapping[str, Any]) -> None:
    shares = {1: 1.0, 2: axis["efficiency"]}
    formula = {int(p): share for p, share in axis["predicted_efficiency"].items()}
    panel.plot(list(shares), list(shares.values()), "o-", color="#0072b2", label="measured")
    panel.plot(list(formula), list(formula.values()), "--", color="#6b6b6b", label="by the formula")
    panel.set(xscale="log", ylim=(0, 1.05))
    panel.set_xticks([1, *formula], [str(p) for p in (1, *formula)])
    panel.minorticks_off()
    panel.set_title(f"{name}: images a second of each, of one alone", fontsize=9, loc="left")
    panel.legend(fontsize=7, frameon=False, loc="lower left")
