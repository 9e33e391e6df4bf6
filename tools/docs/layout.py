"""Boxes in rows, arrows from row to row: the places of a layered drawing.

Rows by the longest path, order by the mean place of neighbours, places by least squares without
overlap. An arrow past other rows goes through gaps in them.
Source: Sugiyama et al. 1981, Methods for Visual Understanding of Hierarchical System Structures.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from tools.docs.graph import Edge

GAP = 34.0  # between boxes of a row, in pixels
LANE = 14.0  # width of the gap through which an arrow passes
SWEEPS = 60
RIGHT = "backbones"  # the part that stands on the right of the others


@dataclass
class Place:
    """A box, or the lane of an arrow through a row. Unit: pixels; `x` is the middle."""

    name: str
    width: float
    height: float
    row: int
    x: float = 0.0
    top: float = 0.0
    half: int = 0  # 0 stands to the left of 1, and 1 of 2
    weight: float = 1.0


@dataclass
class Layout:
    """Boxes by name, and for each arrow the places it goes through, from top to bottom."""

    boxes: dict[str, Place]
    routes: dict[Edge, list[Place]]
    tops: list[float] = field(default_factory=list)  # of the rows, from the topmost
    bottoms: list[float] = field(default_factory=list)


def lay_out(sizes: Mapping[str, tuple[float, float]], edges: set[Edge], between: float) -> Layout:
    """Places for boxes of these sizes, `between` pixels from row to row; always the same."""
    row_of = _rows(list(sizes), edges)
    last = max(row_of.values())
    boxes = {n: Place(n, w, h, last - row_of[n], half=_half(n, n)) for n, (w, h) in sizes.items()}
    rows: list[list[Place]] = [[] for _ in range(last + 1)]
    for name in sorted(boxes):
        rows[boxes[name].row].append(boxes[name])
    routes: dict[Edge, list[Place]] = {}
    for a, b in sorted(edges):
        lanes = []
        for row in range(boxes[a].row + 1, boxes[b].row):
            lanes.append(Place(f"{a} {b} {row}", LANE, 0, row, half=_half(a, b), weight=4.0))
            rows[row].append(lanes[-1])
        routes[a, b] = [boxes[a], *lanes, boxes[b]]
    neighbours = _neighbours(routes)
    _order(rows, neighbours)
    _place(rows, neighbours)
    layout = Layout(boxes, routes)
    top = 0.0
    for row_places in rows:
        height = max(p.height for p in row_places)
        layout.tops.append(top)
        layout.bottoms.append(top + height)
        for place in row_places:
            place.top = top + (height - place.height) / 2
        top += height + between
    return layout


def _half(source: str, to: str) -> int:
    """0 of what stays on the left, 2 of what stays on the right, 1 of what crosses over."""
    return sum(name.partition(".")[0] == RIGHT for name in (source, to))


def _rows(names: Sequence[str], edges: set[Edge]) -> dict[str, int]:
    """Each one row above all that it stands on; what stands on nothing, right below who uses it."""
    rows: dict[str, int] = {}

    def row(name: str) -> int:
        if name not in rows:
            rows[name] = 1 + max((row(to) for source, to in edges if source == name), default=-1)
        return rows[name]

    for name in names:
        row(name)
    for name in names:
        users = [rows[source] for source, to in edges if to == name]
        if users and not any(source == name for source, _ in edges):
            rows[name] = min(users) - 1
    return rows


Neighbours = dict[str, tuple[list[Place], list[Place]]]  # above and below


def _neighbours(routes: Mapping[Edge, Sequence[Place]]) -> Neighbours:
    found: Neighbours = {}
    for route in routes.values():
        for upper, lower in pairwise(route):
            found.setdefault(upper.name, ([], []))[1].append(lower)
            found.setdefault(lower.name, ([], []))[0].append(upper)
    return found


def _order(rows: list[list[Place]], neighbours: Neighbours) -> None:
    """Each row by the mean place of its neighbours, down and up in turn."""
    _pack(rows)
    for row in rows:
        row.sort(key=lambda place: place.half)
    _pack(rows)
    best, fewest = [list(row) for row in rows], _crossings(rows, neighbours)
    for sweep in range(SWEEPS):
        side = sweep % 2
        for row in rows if side == 0 else reversed(rows):
            row.sort(key=lambda p: (p.half, _mean(p, neighbours, side), p.name))
            _pack([row])
        crossings = _crossings(rows, neighbours)
        if crossings < fewest:
            best, fewest = [list(row) for row in rows], crossings
    for row, found in zip(rows, best):
        row[:] = found
    _pack(rows)


def _mean(place: Place, neighbours: Neighbours, side: int) -> float:
    near = neighbours.get(place.name, ([], []))[side]
    return sum(p.x for p in near) / len(near) if near else place.x


def _crossings(rows: Sequence[Sequence[Place]], neighbours: Neighbours) -> int:
    count = 0
    for row in rows:
        arrows = [(p.x, q.x) for p in row for q in neighbours.get(p.name, ([], []))[1]]
        count += sum(a < c and b > d for a, b in arrows for c, d in arrows)
    return count


def _pack(rows: Sequence[Sequence[Place]]) -> None:
    """Side by side around 0."""
    for row in rows:
        x = -(sum(p.width for p in row) + GAP * (len(row) - 1)) / 2
        for place in row:
            place.x = x + place.width / 2
            x += place.width + GAP


def _place(rows: Sequence[Sequence[Place]], neighbours: Neighbours) -> None:
    """Move each box towards the mean of its neighbours, none over another."""
    for sweep in range(SWEEPS):
        for row in rows if sweep % 2 == 0 else list(reversed(rows)):
            wanted = []
            for place in row:
                above, below = neighbours.get(place.name, ([], []))
                near = [*above, *below]
                wanted.append(sum(p.x for p in near) / len(near) if near else place.x)
            _settle(row, wanted)


def _settle(row: Sequence[Place], wanted: Sequence[float]) -> None:
    """Least squares of the distances to `wanted`, by pooling neighbours that would overlap."""
    offsets = [0.0]
    for left, right in pairwise(row):
        offsets.append(offsets[-1] + (left.width + right.width) / 2 + GAP)
    blocks: list[tuple[float, float, int]] = []  # mean, weight, count
    for place, want, offset in zip(row, wanted, offsets):
        blocks.append((want - offset, place.weight, 1))
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            (m1, w1, n1), (m2, w2, n2) = blocks[-2:]
            blocks[-2:] = [((m1 * w1 + m2 * w2) / (w1 + w2), w1 + w2, n1 + n2)]
    places = iter(zip(row, offsets))
    for mean, _, count in blocks:
        for _ in range(count):
            place, offset = next(places)
            place.x = mean + offset
