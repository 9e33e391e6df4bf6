"""learning_curve.png: what one run's metrics.json holds, a panel for each kind of measure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from backbones.training.curves import (
    COLOURS,
    Points,
    colour_of,
    format_iterations,
    new_figure,
    read_curves,
    save_figure,
    thin,
)

CURVE = "learning_curve.png"

Dash = Literal["-", "--", ":"]
_ERROR, _AP, _RATE = "error, %", "AP x 100", "rate"
_MOST_LISTED = 10  # curves named beside a panel; the others are drawn and counted
_DASHES: tuple[Dash, ...] = ("-", "--", ":")
_DECADES = 4  # of the rate: what is lower is out of sight

Curves = Mapping[str, Points]


def plot_learning_curve(metrics: Path, picture: Path, title: str = "") -> None:
    """Losses, errors, AP and rate of one run over iterations; a PNG.

    Beside each panel stand its curves with their last values, the highest first. A ring is the
    best evaluation. Pale lines are as logged, the others means over stretches of them.

    Raises: ValueError if no line of the file holds a loss.
    """
    panels = _panels(read_curves(metrics))
    if "loss" not in panels:
        raise ValueError(f"metrics must hold lines with a loss, got none in {metrics}")
    heights = [1.0 if name == _RATE else 2.4 for name in panels]
    figure = new_figure(9, 0.8 + sum(heights))
    if title:
        figure.suptitle(title, fontsize="medium", x=0.01, ha="left", parse_math=False)
    rows = figure.subplots(len(panels), 1, sharex=True, squeeze=False, height_ratios=heights)[:, 0]
    for axes, (name, group) in zip(rows, panels.items()):
        _draw(axes, name, group)
    rows[-1].set_xlabel("iteration")
    figure.align_ylabels(rows)
    save_figure(figure, picture)


def _panels(curves: Mapping[str, Points]) -> dict[str, Curves]:
    """{title: {name: points}}, without empty ones."""
    losses = {name: points for name, points in curves.items() if "loss" in name}
    if len(losses) == 2:  # the total of one term is that term
        losses.pop("total_loss", None)
    scores = {n: [(x, 100 * y) for x, y in points] for n, points in curves.items() if _is_score(n)}
    rate = [(x, y) for x, y in curves.get("lr", []) if y > 0]
    panels: dict[str, Curves] = {
        "loss": {_loss_name(name): points for name, points in losses.items()},
        _ERROR: {n: points for n, points in curves.items() if n.endswith("_error")},
        _AP: _short(scores),
        _RATE: {"": rate} if rate and losses else {},
    }
    return {title: group for title, group in panels.items() if group}


def _draw(axes: Axes, title: str, group: Curves) -> None:
    measures = title in (_ERROR, _AP)
    for number, (name, points) in enumerate(group.items()):
        colour, dash = _style(number) if title != _RATE else ("0.35", "-")
        measured = measures and name != "train_error"
        means = points if measured or title == _RATE else thin(points)
        if means is not points:
            axes.plot(*zip(*points), color=colour, linewidth=0.6, alpha=0.25)
        mark = "o" if measured or len(means) == 1 else ""
        width = 2.0 if number == 0 else 1.3
        axes.plot(*zip(*means), dash, color=colour, linewidth=width, marker=mark, markersize=4)
        if measured and len(points) > 1:
            best = (max if title == _AP else min)(points, key=lambda point: point[1])
            axes.plot(*best, "o", markersize=9, markerfacecolor="none", markeredgecolor=colour)
    values = [y for points in group.values() for _, y in points]
    if title == _RATE:
        axes.set_yscale("log")
        axes.set_ylim(max(max(values) / 10**_DECADES, min(values) / 2.5), max(values) * 2.5)
        axes.yaxis.set_major_locator(LogLocator(numticks=5))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter("{x:g}")
    else:
        axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
        axes.set_ylim(0, 1.08 * max(values) or 1)
    axes.xaxis.set_major_locator(MaxNLocator(8, integer=True, steps=[1, 2, 5, 10]))
    axes.xaxis.set_major_formatter(format_iterations)
    axes.set_ylabel(title)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    if title != _RATE:
        _name_beside(axes, group)


def _name_beside(axes: Axes, group: Curves) -> None:
    """The legend to the right of the panel, the highest last value first."""
    styles = {name: _style(number) for number, name in enumerate(group)}
    listed = sorted(list(group)[:_MOST_LISTED], key=lambda name: -group[name][-1][1])
    handles = [
        Line2D([], [], color=colour, linestyle=dash, linewidth=2.2)
        for colour, dash in (styles[name] for name in listed)
    ]
    labels = [f"{name}  {group[name][-1][1]:.3g}" for name in listed]
    if len(group) > _MOST_LISTED:
        handles.append(Line2D([], [], color="none"))
        labels.append(f"and {len(group) - _MOST_LISTED} more")
    legend = axes.legend(
        handles,
        labels,
        loc="upper left",
        bbox_to_anchor=(1.01, 1.03),
        frameon=False,
        fontsize="small",
        handlelength=1.4,
        borderaxespad=0.0,
    )
    for text in legend.get_texts():
        text.set_parse_math(False)  # a data set may be called "$x$"


def _style(number: int) -> tuple[str, Dash]:
    """The colours repeat after seven, in dashes."""
    return colour_of(number), _DASHES[number // len(COLOURS) % len(_DASHES)]


def _loss_name(name: str) -> str:
    return "total" if name == "total_loss" else name.removeprefix("loss_")


def _short(scores: Curves) -> Curves:
    """Without the name of the data set, where all are of one."""
    sets = {name.rpartition("/")[0] for name in scores}
    return {n.rpartition("/")[2]: p for n, p in scores.items()} if len(sets) == 1 else scores


def _is_score(name: str) -> bool:
    last = name.rsplit("/", 1)[-1]
    return last.startswith(("mAP", "AP")) and "AP-" not in last
