"""Curves, confusion, costs and sizes of an analysis as pictures, legible from one class to 100."""

from __future__ import annotations

import io
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import style
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, PowerNorm
from matplotlib.figure import Figure
from numpy.typing import NDArray

from backbones.files.atomic import write_bytes
from resdet.evaluation.analysis.curves import Curve, class_curves
from resdet.evaluation.analysis.error_tables import convention_of, costs_title, iou_of, points
from resdet.evaluation.analysis.errors import ERRORS
from resdet.evaluation.average_precision import HUNDRED_AND_ONE, threshold_key
from resdet.evaluation.matches import Matches
from resdet.evaluation.score_tables import percent

MOST_CLASSES = 100  # beyond, those with the most objects are shown, and the title says so
_MOST_NUMBERED = 25  # classes whose confusions are written into the cells

_BLUE, _GREY, _PALE, _ACCENT = "#0072b2", "#6b6b6b", "#d5d5d5", "#d55e00"
_STYLE: Any = {
    "text.parse_math": False,  # a class may be called "$x$"
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _GREY,
    "xtick.color": _GREY,
    "ytick.color": _GREY,
    "xtick.labelcolor": "black",
    "ytick.labelcolor": "black",
}


def write_plots(folder: Path, matches: Matches, analysis: Mapping[str, Any]) -> list[Path]:
    """Write pr_curves.png, confusion.png, errors.png and, where there are sizes, sizes.png.

    `analysis` is `analyse` of these matches.
    """
    shown = _shown(matches)
    plots: dict[str, Callable[[], Figure]] = {
        "pr_curves.png": lambda: _pr_figure(class_curves(matches), shown, analysis),
        "confusion.png": lambda: _confusion_figure(shown, analysis),
        "errors.png": lambda: _errors_figure(shown, analysis),
    }
    if analysis["sizes"]:
        plots["sizes.png"] = lambda: _sizes_figure(shown, analysis)
    for name, draw in plots.items():
        with style.context(["default", _STYLE]), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing")  # scripts without a font
            buffer = io.BytesIO()
            draw().savefig(buffer, format="png", dpi=140)
        write_bytes(folder / name, buffer.getvalue())
    return [folder / name for name in plots]


def _shown(matches: Matches) -> list[str]:
    """The classes to draw, in their order."""
    names = list(matches.class_names)
    most = np.argsort(-matches.num_positives, kind="stable")[:MOST_CLASSES]
    return [names[label] for label in sorted(most.tolist())]


def _title(figure: Figure, text: str, shown: Sequence[str], analysis: Mapping[str, Any]) -> None:
    classes = len(analysis["per_class"])
    if len(shown) < classes:
        text += f"; the {len(shown)} classes with the most objects, of {classes}"
    figure.suptitle(text, x=0.01, ha="left", fontsize=11, fontweight="bold")


def _short(name: str, limit: int = 18) -> str:
    name = " ".join(name.split())
    return name if len(name) <= limit else f"{name[: limit - 1]}…"


def _pr_figure(
    curves: Mapping[str, Curve], shown: Sequence[str], analysis: Mapping[str, Any]
) -> Figure:
    """The mean of all classes, then a panel for each class; the dot is its best F1."""
    panels = len(shown) + 1
    squarish = min(math.ceil(math.sqrt(1.4 * panels)), 9)
    columns = min(range(squarish, squarish + 2), key=lambda columns: -panels % columns)
    rows = math.ceil(panels / columns)
    figure = Figure(figsize=(max(1.75 * columns, 7), 1.8 * rows + 0.7), layout="constrained")
    title = f"Precision (up) against recall, {convention_of(analysis)}; dot: best F1"
    _title(figure, title + "; dotted: mean", shown, analysis)
    grid = figure.subplots(rows, columns, squeeze=False)
    mean = analysis["curves"]["mean"]
    for place, (axes, name) in enumerate(zip(grid.flat, [None, *shown])):
        axes.set(xlim=(0, 1.02), ylim=(0, 1.05), xticks=(0, 0.5, 1), yticks=(0, 0.5, 1))
        below, left = place + columns >= panels, place % columns == 0
        axes.tick_params(labelsize=7, length=2, labelbottom=below, labelleft=left)
        axes.grid(color=_PALE, linewidth=0.5)
        if name is None:
            _panel(axes, "mean of classes", analysis["AP"], bold=True)
            _fill(axes, HUNDRED_AND_ONE, np.array(mean or []))
            continue
        _panel(axes, _short(name), analysis["per_class"][name])
        if mean:
            axes.plot(HUNDRED_AND_ONE, mean, color=_GREY, linewidth=0.7, linestyle=":")
        curve, f1 = curves[name], analysis["best_f1"]["per_class"][name]
        if curve.num_positives and len(curve.scores):
            best = np.maximum.accumulate(curve.precision[::-1])[::-1]
            _fill(axes, np.append(0, curve.recall), np.append(best[:1], best))
        if f1["score"] is not None:
            axes.plot(f1["recall"], f1["precision"], "o", color=_ACCENT, markersize=3.5)
    for axes in grid.flat[panels:]:
        axes.set_axis_off()
    return figure


def _panel(axes: Axes, name: str, ap: float | None, *, bold: bool = False) -> None:
    axes.set_title(
        f"{name}  {percent(ap)}", fontsize=8, loc="left", fontweight="bold" if bold else "normal"
    )


def _fill(axes: Axes, recall: NDArray[np.float64], precision: NDArray[np.float64]) -> None:
    if len(precision):
        axes.fill_between(recall, precision, step="pre", color=_BLUE, alpha=0.15, linewidth=0)
        axes.step(recall, precision, where="pre", color=_BLUE, linewidth=1.2)


def _confusion_figure(shown: Sequence[str], analysis: Mapping[str, Any]) -> Figure:
    """Rows: of the objects of a class, the share taken for each; below, boxes on nothing."""
    confusion = analysis["confusion"]
    rows = [confusion["classes"].index(name) for name in shown]
    matrix = np.array(confusion["matrix"], float)
    objects = _shares(matrix[rows][:, [*rows, -1]], matrix[rows].sum(axis=1)[:, None])
    stray = _shares(matrix[-1, rows], matrix[:, rows].sum(axis=0))

    count, names = len(rows), [*map(_short, shown)]
    numbered = count <= _MOST_NUMBERED
    cell, size = (0.38, 8) if numbered else (0.16, 6)
    side = cell * (count + 2) + 1.9
    figure = Figure(figsize=(max(side, 6.6), max(side, 4.0)), layout="constrained")
    title = f"Confusion in % at scores from {confusion['score']:.3f}, {iou_of(analysis)}"
    _title(figure, title, shown, analysis)
    axes = figure.subplots()
    norm = PowerNorm(0.5, 0, 100)
    _cells(axes, objects, norm, numbered=numbered)
    _cells(axes, stray[None], norm, "Oranges", top=count + 0.5, numbered=numbered)
    if not numbered:
        bar = figure.colorbar(axes.images[0], ax=axes, shrink=0.3, aspect=30, pad=0.01)
        bar.outline.set_visible(False)
    axes.set(xlim=(-0.5, count + 0.5), ylim=(count + 1, -0.5))
    axes.set_yticks([*range(count), count + 0.5], [*names, "background"], fontsize=size)
    axes.set_xticks(range(count + 1), [*names, "missed"], rotation=90, fontsize=size)
    axes.set_ylabel("object")
    axes.set_xlabel("taken for (blue: of the objects in the row; orange: of the boxes so called)")
    return figure


def _shares(counts: NDArray[np.float64], of: NDArray[np.float64]) -> NDArray[np.float64]:
    """Counts in % of others; 0 of 0 is 0."""
    return 100 * counts / np.maximum(of, 1)


def _errors_figure(shown: Sequence[str], analysis: Mapping[str, Any]) -> Figure:
    errors = analysis["errors"]
    title = costs_title(analysis)
    costs = 100 * np.array(
        [[errors[kind]["per_class"][name]["dAP"] for kind in ERRORS] for name in shown], float
    )
    bars = {f"{kind} ({cost['count']:,})": cost["dAP"] for kind, cost in errors.items()}
    return _bars_over_classes(title, bars, len(ERRORS), costs, ERRORS, "Oranges", shown, analysis)


def _sizes_figure(shown: Sequence[str], analysis: Mapping[str, Any]) -> Figure:
    sizes, key = analysis["sizes"], threshold_key(analysis["threshold"])
    title = f"AP x100 by size of the objects: {convention_of(analysis)}"
    aps = 100 * np.array(
        [[size["per_class"][name][key] for size in sizes.values()] for name in shown], float
    )
    bars = {f"{name} ({size['objects']:,})": size["mAP"].get(key) for name, size in sizes.items()}
    bars |= {f"all ({analysis['num_objects']:,})": analysis["AP"]}
    return _bars_over_classes(title, bars, len(sizes), aps, list(sizes), "Blues", shown, analysis)


def _bars_over_classes(
    title: str,
    bars: Mapping[str, float | None],
    coloured: int,
    values: NDArray[np.float64],
    columns: Sequence[str],
    cmap: str,
    shown: Sequence[str],
    analysis: Mapping[str, Any],
) -> Figure:
    """Bars of all classes together, those after `coloured` grey; below, a cell for each class.

    Shape: values (K, C), NaN where undefined.
    Unit: `bars` fractions, `values` x100.
    """
    blocks = max(math.ceil(len(shown) / 25), 1)
    rows = max(math.ceil(len(shown) / blocks), 1)
    heights = [0.24 * len(bars) + 0.2, 0.22 * rows + 0.8]
    width = max(blocks * (1.5 + 0.45 * len(columns)), 6.4)
    figure = Figure(figsize=(width, sum(heights) + 0.9), layout="constrained")
    _title(figure, title, shown, analysis)
    grid = figure.add_gridspec(2, blocks, height_ratios=heights)
    _bars(figure.add_subplot(grid[0, : max(1, blocks // 2)]), bars, coloured)

    highest = float(np.nanmax(values, initial=5.0))
    for block in range(blocks):
        axes = figure.add_subplot(grid[1, block])
        part = slice(block * rows, (block + 1) * rows)
        if not len(shown[part]):
            axes.set_axis_off()
            continue
        _cells(axes, values[part], Normalize(0, highest), cmap)
        axes.set(xlim=(-0.5, len(columns) - 0.5), ylim=(rows - 0.5, -0.5))
        axes.set_yticks(range(len(shown[part])), map(_short, shown[part]), fontsize=8)
        axes.xaxis.tick_top()
        axes.set_xticks(range(len(columns)), columns, rotation=35, ha="left", fontsize=8)
    return figure


def _bars(axes: Axes, bars: Mapping[str, float | None], coloured: int) -> None:
    values = [100 * (value or 0.0) for value in bars.values()]
    colours = [_BLUE] * coloured + [_GREY] * (len(bars) - coloured)
    drawn = axes.barh(range(len(bars)), values, color=colours, height=0.7)
    axes.bar_label(drawn, [points(value) for value in bars.values()], padding=3, fontsize=8)
    axes.set_yticks(range(len(bars)), list(bars), fontsize=8)
    axes.set_ylim(len(bars) - 0.5, -0.5)
    axes.tick_params(length=0)
    axes.tick_params(axis="x", labelsize=7)


def _cells(
    axes: Axes,
    values: NDArray[np.float64],
    norm: Normalize,
    cmap: str = "Blues",
    *,
    top: float = 0.0,
    numbered: bool = True,
) -> None:
    """A heat map whose first row is centred at `top`, its values in the cells."""
    rows, columns = values.shape
    if not values.size:
        return
    extent = (-0.5, columns - 0.5, top + rows - 0.5, top - 0.5)
    axes.imshow(values, cmap, norm, aspect="auto", interpolation="nearest", extent=extent)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    lines: dict[str, Any] = {"color": "white", "linewidth": 0.6}
    axes.vlines(np.arange(columns + 1) - 0.5, top - 0.5, top + rows - 0.5, **lines)
    axes.hlines(np.arange(rows + 1) - 0.5 + top, -0.5, columns - 0.5, **lines)
    for (row, column), value in np.ndenumerate(values if numbered else values[:0]):
        text = _number(float(value))
        dark = not np.isnan(value) and norm(value) > 0.55
        plain = "black" if abs(value) >= 0.5 else _GREY
        colour = "white" if dark else plain
        axes.text(column, row + top, text, ha="center", va="center", fontsize=7, color=colour)


def _number(value: float) -> str:
    """Whole points; a dot for 0 itself, so that what is not 0 stands out."""
    if math.isnan(value):
        return "–"
    return f"{value:.0f}".replace("-0", "0") if value else "·"
