"""Pictures of tables: the paper's number and every run of ours on one line; layer responses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes

from backbones.training.curves import colour_of, finish, new_figure, save_figure

OURS, PAPER = colour_of(0), colour_of(1)


@dataclass(frozen=True)
class Compared:
    """A line of a table: the paper's number, if printed, and the numbers of our runs."""

    label: str
    paper: float | None
    ours: Sequence[float]


def plot_comparison(panels: Mapping[str, Sequence[Compared]], picture: Path, *, title: str) -> None:
    """A panel for each measure: its name on x, rows downwards; a PNG."""
    labels = [line.label for line in next(iter(panels.values()))]
    figure = new_figure(2 + 4 * len(panels), 2 + 0.4 * len(labels))
    figure.suptitle(title, fontsize="medium", wrap=True)
    row = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (measure, lines) in zip(row, panels.items()):
        _draw_lines(axes, lines)
        axes.set_xlabel(measure)
        finish(axes, legend="lower right")
    row[0].set_yticks(range(len(labels)), labels)
    row[0].set_ylim(len(labels) + 0.4, -0.6)  # a line more: the legend's
    save_figure(figure, picture)


def plot_responses(
    panels: Mapping[str, Sequence[tuple[str, Sequence[float], int]]], picture: Path, *, title: str
) -> None:
    """(label, standard deviation of each layer, colour), in the order of layers and by magnitude.

    Source: He et al. 2016, Fig. 7.
    """
    figure = new_figure(1 + 4.5 * len(panels), 7)
    figure.suptitle(title, fontsize="medium", wrap=True)
    for column, (axes_pair, (name, lines)) in enumerate(
        zip(figure.subplots(2, len(panels), squeeze=False, sharey=True).T, panels.items())
    ):
        for axes, by_magnitude in zip(axes_pair, (False, True)):
            for label, values, colour in lines:
                shown = sorted(values, reverse=True) if by_magnitude else values
                xs = range(1, len(shown) + 1)
                axes.plot(xs, shown, label=label, color=colour_of(colour), linewidth=1.2)
            axes.set_xlabel("3x3 layer, by magnitude" if by_magnitude else "3x3 layer, in order")
            finish(axes)
            if column == 0:
                axes.set_ylabel("standard deviation")
            axes.set_ylim(bottom=0)
        axes_pair[0].set_title(name)
    save_figure(figure, picture)


def _draw_lines(axes: Axes, lines: Sequence[Compared]) -> None:
    """Ours filled, the paper's hollow, so that one seen through the other is still there."""
    ours = [(value, y) for y, line in enumerate(lines) for value in line.ours]
    paper = [(line.paper, y) for y, line in enumerate(lines) if line.paper is not None]
    if ours:
        axes.plot(*zip(*ours), "o", color=OURS, alpha=0.8, markersize=6, label="ours")
    if paper:
        (hollow,) = axes.plot(*zip(*paper), "D", color=PAPER, markersize=9, label="paper")
        hollow.set(markerfacecolor="none", markeredgewidth=1.6)
