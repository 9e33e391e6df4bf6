"""Results of the benchmarks as lines of a README."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from resdet.benchmarks.suite import OURS, Line, lines, measured_on, times

# of `all`: evaluation has a table of its own, growth has no peer
_TOLD = ("input", "infer-backbone", "train-backbone", "infer-det", "train-det")
_NAMES = {
    "input classification scale": "input, the paper's views",
    "input classification area": "input, crops by area",
    "input detection": "input of detectors, shorter side",
}
_MET = {True: "yes", False: "**no**", None: "not measured"}


def speed_rows(measured: Mapping[str, Any]) -> list[str]:
    """One row of ours for each thing done: figure, share of the limit, and the peers."""
    rows = ["| what | resdet | of the limit | others, and how many times as fast resdet is |"]
    rows.append("|---|---:|---:|---|")
    for name in _TOLD:
        for what, group in groupby(lines(measured.get(name, {}), name), lambda line: line.what):
            ways = {line.way: line for line in group}
            ours = ways.pop(OURS)
            peers = [line for way, line in ways.items() if not way.startswith(OURS)]
            others = "; ".join(_told(line) for line in peers if line.share != 1)
            rows.append(f"| {_named(what)} | {ours.figure} | {_share(ours)} | {others} |")
    return rows


def goal_rows(goals: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the figures are held to."""
    rows = ["| goal | at least | measured | met |", "|---|---:|---:|---|"]
    for goal in goals:
        value = "" if goal["measured"] is None else f"{goal['measured']:.2f}"
        rows.append(f"| {goal['goal']} | {goal['least']:g} | {value} | {_MET[goal['met']]} |")
    return rows


def measured_with(measured: Mapping[str, Any]) -> str:
    """Hardware and versions of everything in `all` that has ways."""
    parts = [measured_on(measured[name]) for name in _TOLD if name in measured]
    hardware = ", ".join(dict.fromkeys(part["hardware"] for part in parts))
    threads = max(part.get("threads", 1) for part in parts)
    versions: dict[str, str] = {}
    for part in parts:
        versions.update(part["versions"])
    told = (f"{name} {str(version).partition('+')[0]}" for name, version in versions.items())
    return f"{hardware}, {threads} threads; {', '.join(told)}."


def _named(what: str) -> str:
    for key, name in _NAMES.items():
        what = what.replace(key, name)
    return what


def _told(line: Line) -> str:
    return f"{line.way} {line.figure}, {times(line.ratio)}"


def _share(line: Line) -> str:
    return "" if line.share is None else f"{line.share:.0%}"
