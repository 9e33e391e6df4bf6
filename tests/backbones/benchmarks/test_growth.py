"""Exponents, and costs measured in a process of their own."""

import importlib
from pathlib import Path

import pytest

from backbones.benchmarks.growth import Axis, faster_than_work, grow, slope


def test_an_exponent_is_the_slope_of_logarithms():
    values = [1, 2, 4, 8]
    assert slope(values, [5 * v**2 for v in values]) == 2
    assert slope(values, [7] * 4) == 0
    assert 0 < slope(values, [10 + v for v in values]) < 1


def test_a_cost_is_named_where_its_exponent_is_above_the_works():
    linear = {"work": 1.0, "seconds": 1.1, "megabytes": 0.5}
    assert faster_than_work(linear, linear) == []
    assert faster_than_work(linear, {**linear, "megabytes": 1.3}) == ["megabytes"]
    assert faster_than_work({**linear, "work": 0.5}, linear) == ["seconds"]


def test_memory_and_time_are_those_of_the_step(monkeypatch):
    monkeypatch.syspath_prepend(Path(__file__).parent)  # where a process of its own finds it
    axis = Axis(
        importlib.import_module("hoard").build_hoard,
        "megabytes",
        (50, 200),
        {},
        counted=True,
        beside="sums of sums",
    )
    grown = grow(axis)
    assert grown["values"] == grown["work"] == [50, 200]
    assert grown["megabytes"] == pytest.approx([50, 200], abs=5)
    assert grown["exponent"]["seconds"] == pytest.approx(2, abs=0.4)
    assert grown["faster_than_work"] == ["seconds"]
    assert grown["beside"] == "sums of sums"
