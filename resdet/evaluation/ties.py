"""What the order of equal scores leaves open: the worst and the best mean that it allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from resdet.evaluation.average_precision import metric_title
from resdet.evaluation.matches import FALSE_POSITIVE, TRUE_POSITIVE, Matches
from resdet.evaluation.measures import mean_if_all
from resdet.structures.records import BoolArray, Int64Array

_FELT = 0.001  # of a number: what an order of equal scores must move to be told
_ROUNDING = 1e-9
_SIGNS: tuple[Literal[1], Literal[-1]] = (1, -1)  # the wrong ones first, or last


def is_felt(worst: float | None, best: float | None) -> bool:
    """Whether 0.1 point or more lies between."""
    return worst is not None and best is not None and best - worst >= _FELT - _ROUNDING


def told_of_ties(matches: Matches, metrics: Iterable[str]) -> list[str]:
    """A line for each metric whose mean another order of equal scores moves by 0.1 or more."""
    if matches.rules.ties == "unsorted":
        return []
    mixed, lines = _mixed(matches.verdicts, _runs(matches)), []
    moved = _of_classes(matches, np.flatnonzero(np.bincount(matches.labels[mixed])))
    for metric in metrics if mixed.any() else ():
        if is_felt(*_bounds(moved, metric)) and is_felt(*(means := _bounds(matches, metric))):
            worst, best = (f"{100 * (mean or 0.0):.1f}" for mean in means)
            what = "AP" if matches.rules.kind == "coco" else f"{metric_title(metric)} mAP"
            lines.append(f"equal scores in another order: {what} from {worst} to {best}")
    return lines


def _bounds(matches: Matches, metric: str) -> tuple[float | None, float | None]:
    runs = _runs(matches)
    mixed = _mixed(matches.verdicts, runs)
    worst, best = (_mean(_ordered(matches, runs, mixed, sign), metric) for sign in _SIGNS)
    return worst, best


def _of_classes(matches: Matches, labels: Int64Array) -> Matches:
    """Without other classes, in which no order moves anything: a mean over these moves more."""
    rows = np.isin(matches.labels, labels)
    names = ("images", "labels", "scores", "boxes")
    columns = {name: getattr(matches, name)[rows] for name in names}
    verdicts, objects = matches.verdicts[:, rows], matches.objects[:, rows]
    ignored = matches.truth.ignored | ~np.isin(matches.truth.labels, labels)
    truth = replace(matches.truth, ignored=ignored)
    return replace(matches, **columns, verdicts=verdicts, objects=objects, truth=truth)


def _runs(matches: Matches) -> Int64Array:
    """(N,) the number of the run of equal scores of a class that each detection is of."""
    fresh = np.diff(matches.labels, prepend=-1) != 0
    fresh |= np.diff(matches.scores, prepend=np.inf) != 0
    return np.cumsum(fresh) - 1


def _mixed(verdicts: NDArray[np.int8], runs: Int64Array) -> BoolArray:
    """(N,) whether a run holds right and wrong ones at any threshold."""
    mixed = np.zeros(len(runs), bool)
    tied = np.flatnonzero(np.bincount(runs)[runs] > 1)
    starts = np.flatnonzero(np.diff(runs[tied], prepend=-1))
    if len(starts):
        right, wrong = (
            np.logical_or.reduceat(verdicts[:, tied] == kind, starts, axis=1)
            for kind in (TRUE_POSITIVE, FALSE_POSITIVE)
        )
        held = np.logical_or.reduce(right & wrong, axis=0)
        mixed[tied] = np.repeat(held, np.diff(starts, append=len(tied)))
    return mixed


def _ordered(matches: Matches, runs: Int64Array, mixed: BoolArray, sign: Literal[1, -1]) -> Matches:
    """The wrong ones of each run before the right ones, or behind them where `sign` is -1."""
    rows, verdicts = np.flatnonzero(mixed), matches.verdicts.copy()
    for row in verdicts:
        row[rows] = row[rows[np.lexsort((sign * row[rows], runs[rows]))]]
    rules = replace(matches.rules, ties=matches.rules.usual.ties)
    return replace(matches, verdicts=verdicts, rules=rules)


def _mean(matches: Matches, metric: str) -> float | None:
    return mean_if_all([*matches.mean(matches.average_precisions(metric)).values()])
