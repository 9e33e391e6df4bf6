"""Networks and blocks as the paper draws them: boxes from top to bottom, shortcuts beside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path as Outline

from backbones.reproduction.trace import SLIDING, WEIGHTED, Layer, shortcuts, trunk
from backbones.training.curves import colour_of, new_figure, save_figure

_BOX, _WIDE, _COLUMN = 0.58, 2.7, 4.1  # a row is one high
_SUM, _FORK = 0.12, 0.28  # below a box: where a shortcut ends, and the next begins
_INPUT, _CIRCLE = -1.0, 0.17  # of a block
_INK, _EDGE = "0.15", "0.45"
_KEPT, _GROWN = colour_of(0), colour_of(1)
_TINTS = ("#E8EEF4", "#DCEBF7", "#DDF1E8", "#FBEBD5", "#F6E1EC", "#E3F1FB", "#EFEFEF")
_BOXED = (*WEIGHTED, *SLIDING, "avg pool")


@dataclass(frozen=True)
class Drawing:
    """What `trace` found of a network or block, and what stands above it."""

    title: str
    layers: Sequence[Layer]

    def boxes(self, kinds: Sequence[str] = _BOXED) -> list[int]:
        """Places on the trunk of these kinds."""
        return [at for at in trunk(self.layers) if self.layers[at].kind in kinds]


@dataclass(frozen=True)
class Block(Drawing):
    """With what is written at its parts: the input, the branch, the sum, the shortcut."""

    given: str = ""
    branch: str = ""
    total: str = ""
    shortcut: str = ""


def draw_networks(drawings: Sequence[Drawing], picture: Path, *, title: str) -> None:
    """Side by side, layers of one size of output at one height; a PNG.

    Source: He et al. 2016, Fig. 3.
    """
    starts, tints, rows = _bands(drawings)
    figure = new_figure(1.6 + 0.72 * _COLUMN * len(drawings), 1.6 + 0.31 * rows)
    figure.suptitle(title, fontsize="medium")
    axes = figure.subplots()
    axes.axis("off")
    for size, start in starts.items():
        axes.axhline(start - 0.5, color="0.85", linewidth=0.8)
        _write(axes, -1.6, start, f"output\nsize {size}", color=_EDGE)
    for column, drawing in enumerate(drawings):
        x = _COLUMN * (column + 0.45)
        _write(axes, x, -2.2, drawing.title, fontweight="bold")
        _draw_network(axes, drawing, x, starts, tints)
    _set_limits(axes, (-2.4, _COLUMN * len(drawings)), (-3.2, rows + 0.9))
    lines = [Line2D([], [], color=_KEPT), Line2D([], [], color=_GROWN, linestyle=":")]
    told = ["identity shortcut", "shortcut where channels grow"]
    axes.legend(lines, told, loc="lower center", ncols=2, fontsize="small", frameon=False)
    save_figure(figure, picture)


def draw_blocks(
    blocks: Sequence[Block], picture: Path, *, title: str, kinds: Sequence[str] = _BOXED
) -> None:
    """Side by side, layers of these kinds as boxes, the sum as a circle, ReLU in words; a PNG.

    Source: He et al. 2016, Fig. 2 and 5.
    """
    rows = max(len(block.boxes((*kinds, "sum"))) for block in blocks)
    figure = new_figure(4.2 * len(blocks), 1.4 + 0.62 * rows)
    figure.suptitle(title, fontsize="medium")
    for axes, block in zip(figure.subplots(1, len(blocks), squeeze=False)[0], blocks):
        axes.axis("off")
        axes.set_title(block.title, fontsize="small", fontweight="bold")
        _draw_block(axes, block, kinds)
        _set_limits(axes, (-3.4, 3.4), (-1.5, rows + 0.7))
    save_figure(figure, picture)


def _draw_block(axes: Axes, block: Block, kinds: Sequence[str]) -> None:
    """From the input at the top, a row for each box and for the sum."""
    _write(axes, 0, _INPUT - 0.25, block.given)
    row, top = 0, _INPUT
    for at in trunk(block.layers):
        layer = block.layers[at]
        if layer.kind == "relu":
            _write(axes, 0.12, top + 0.17, "relu", ha="left", fontsize=7.5, color=_EDGE)
        elif layer.kind in (*kinds, "sum"):
            half = _BOX / 2 if layer.kind != "sum" else _CIRCLE
            _arrow(axes, [(0, top), (0, row - half)])
            if layer.kind == "sum":
                _draw_sum(axes, block, row)
            else:
                _box(axes, 0, row, _named(layer), _TINTS[1] if layer.kind in WEIGHTED else "white")
            row, top = row + 1, row + half
    _arrow(axes, [(0, top), (0, top + 0.6)])


def _named(layer: Layer) -> str:
    return f"{layer.name}: {layer}" if layer.name else str(layer)


def _draw_sum(axes: Axes, block: Block, y: float) -> None:
    """The circle, the shortcut into it, and what is written at both."""
    axes.add_patch(Circle((0, y), _CIRCLE, facecolor="white", edgecolor=_EDGE, linewidth=0.9))
    _write(axes, 0, y, "+")
    fork, aside = _INPUT + 0.2, _WIDE / 2 + 0.6
    points = [(0, fork), (aside, fork), (aside, y), (_CIRCLE, y)]
    _arrow(axes, points, color=_KEPT, linewidth=1.4)
    middle = (fork + y) / 2
    _write(axes, aside + 0.12, middle, block.shortcut, ha="left", color=_KEPT)
    _write(axes, -_WIDE / 2 - 0.3, middle, block.branch, ha="right")
    _write(axes, -0.4, y, block.total, ha="right")


def _bands(drawings: Sequence[Drawing]) -> tuple[dict[int, float], dict[int, str], float]:
    """The height at which each size of output begins, its colour, and the height of all."""
    counts: dict[int, int] = {}
    for drawing in drawings:
        sizes = [drawing.layers[at].size for at in drawing.boxes()]
        for size in sizes:
            counts[size] = max(counts.get(size, 0), sizes.count(size))
    starts, row = {}, 0.0
    for size in sorted(counts, reverse=True):
        starts[size] = row
        row += counts[size] + 0.4
    return starts, dict(zip(starts, _TINTS)), row


def _draw_network(
    axes: Axes, drawing: Drawing, x: float, starts: Mapping[int, float], tints: Mapping[int, str]
) -> None:
    heights: dict[int, float] = {}  # of the middle of each box
    filled = dict(starts)
    for at in drawing.boxes():
        layer = drawing.layers[at]
        heights[at] = filled[layer.size]
        filled[layer.size] += 1
        tint = tints[layer.size] if layer.kind in WEIGHTED else "white"
        _box(axes, x, heights[at], str(layer), tint)
    tops = list(heights.values())
    for above, below in pairwise(tops):
        _arrow(axes, [(x, above + _BOX / 2), (x, below - _BOX / 2)])
    for shortcut in shortcuts(drawing.layers):
        begins, ends = (
            max(at for at in heights if at <= end) for end in (shortcut.begins, shortcut.ends)
        )
        top, bottom = heights[begins] + _BOX / 2 + _FORK, heights[ends] + _BOX / 2 + _SUM
        _around(axes, x, top, bottom, _WIDE / 2 + 0.35, grows=shortcut.grows)


def _box(axes: Axes, x: float, y: float, text: str, tint: str) -> None:
    corner = (x - _WIDE / 2, y - _BOX / 2)
    style = "round,pad=0,rounding_size=0.12"
    axes.add_patch(
        FancyBboxPatch(
            corner, _WIDE, _BOX, boxstyle=style, facecolor=tint, edgecolor=_EDGE, linewidth=0.8
        )
    )
    _write(axes, x, y, text, fontsize=7.5)


def _write(axes: Axes, x: float, y: float, text: str, **style: Any) -> None:
    """Around the point, unless `style` says otherwise."""
    look = {"ha": "center", "va": "center", "fontsize": "small", "color": _INK, **style}
    axes.text(x, y, text, **look)


def _arrow(axes: Axes, points: Sequence[tuple[float, float]], **style: Any) -> None:
    """A line through the points, rounded at each, with a head at the last."""
    codes, vertices = [Outline.MOVETO], [points[0]]
    for before, corner, after in zip(points, points[1:], points[2:]):
        codes += [Outline.LINETO, Outline.CURVE3, Outline.CURVE3]
        vertices += [_towards(corner, before), corner, _towards(corner, after)]
    path = Outline([*vertices, points[-1]], [*codes, Outline.LINETO])
    look: dict[str, Any] = {
        "arrowstyle": "-|>",
        "mutation_scale": 6,
        "color": _EDGE,
        "linewidth": 0.9,
        **style,
    }
    axes.add_patch(FancyArrowPatch(path=path, **look))


def _towards(corner: tuple[float, float], other: tuple[float, float]) -> tuple[float, float]:
    """A point a little way from a corner."""
    way = [o - c for o, c in zip(other, corner)]
    share = min(0.5, 0.18 / max(map(abs, way)))
    return corner[0] + share * way[0], corner[1] + share * way[1]


def _around(axes: Axes, x: float, top: float, bottom: float, aside: float, *, grows: bool) -> None:
    """A shortcut past the boxes between two heights."""
    points = [(x, top), (x + aside, top), (x + aside, bottom), (x, bottom)]
    colour, line = (_GROWN, ":") if grows else (_KEPT, "-")
    _arrow(axes, points, color=colour, linestyle=line, linewidth=1.4)


def _set_limits(axes: Axes, x: tuple[float, float], y: tuple[float, float]) -> None:
    """`y` downwards."""
    axes.set_xlim(*x)
    axes.set_ylim(y[1], y[0])
