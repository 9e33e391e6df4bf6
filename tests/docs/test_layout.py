"""Boxes in rows, and arrows through gaps between them."""

import itertools
from pathlib import Path

import pytest

from tools.docs.graph import read_groups, without_detours
from tools.docs.layout import GAP, LANE, Place, _settle, lay_out
from tools.docs.picture import BETWEEN_ROWS, _size

ROOT = Path(__file__).resolve().parents[2]


def test_boxes_and_lanes_lie_beside_each_other():
    groups = read_groups(ROOT)
    down, _ = without_detours(groups)
    sizes = {name: _size(name, modules) for name, modules in groups.modules.items()}
    layout = lay_out(sizes, down, BETWEEN_ROWS)
    places = {p.name: p for route in layout.routes.values() for p in route}
    places |= {p.name: p for p in layout.boxes.values()}
    for a, b in itertools.combinations(places.values(), 2):
        if a.row == b.row:
            assert abs(a.x - b.x) >= (a.width + b.width) / 2 + 1, (a.name, b.name)
    for (a, b), route in layout.routes.items():
        rows = [place.row for place in route]
        assert rows == list(range(rows[0], rows[-1] + 1)), (a, b)
    assert layout.bottoms[:-1] < layout.tops[1:]


def test_rows_are_those_of_the_longest_path_and_lanes_lead_past_them():
    sizes = dict.fromkeys(("a", "b", "c", "d"), (40.0, 20.0))
    edges = {("a", "b"), ("b", "c"), ("a", "c"), ("a", "d")}
    layout = lay_out(sizes, edges, between=10.0)
    rows = {name: box.row for name, box in layout.boxes.items()}
    assert rows == {"a": 0, "b": 1, "c": 2, "d": 1}
    assert (layout.tops, layout.bottoms) == ([0, 30, 60], [20, 50, 80])
    assert [place.row for place in layout.routes["a", "c"]] == [0, 1, 2]
    assert layout.routes["a", "c"][1].width == LANE
    assert layout.routes["a", "b"] == [layout.boxes["a"], layout.boxes["b"]]


def test_a_box_stands_below_its_only_user():
    sizes = {"a": (40.0, 20.0), "b": (40.0, 20.0), "c": (40.0, 20.0), "d": (200.0, 20.0)}
    boxes = lay_out(sizes, {("a", "b"), ("c", "d")}, between=10.0).boxes
    assert boxes["a"].x == pytest.approx(boxes["b"].x, abs=0.1)
    assert boxes["c"].x == pytest.approx(boxes["d"].x, abs=0.1)


def test_what_would_overlap_is_pushed_apart_evenly():
    row = [Place("a", 40, 20, 0), Place("b", 40, 20, 0), Place("c", 40, 20, 0)]
    _settle(row, [0.0, 0.0, 500.0])
    apart = 40 + GAP
    assert [place.x for place in row] == [-apart / 2, apart / 2, 500]
