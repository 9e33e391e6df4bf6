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


def is_felt(worst: float | None, best: float | None) -> bool:
    """Whether 0.1 point or more lies between."""
    return worst is not None and best is not None and best - worst >= _FELT - _ROUNDING


def told_of_ties(matches: Matches, metrics: Iterable[str]) -> list[str]:
    """A line for each metric whose mean another order of equal scores moves by 0.1 or more."""
    if matches.rules.ties == "unsorted":
        return []
    runs, lines = _runs(matches), []
    mixed = _mixed(matches.verdicts, runs)
    for metric in metrics if mixed.any() else ():
        means = [_mean(_ordered(matches, runs, mixed, sign), metric) for sign in (1, -1)]
        if is_felt(*means):
            worst, best = (f"{100 * (mean or 0.0):.1f}" for mean in means)
            what = "AP" if matches.rules.kind == "coco" else f"{metric_title(metric)} mAP"
            lines.append(f"equal scores in another order: {what} from {worst} to {best}")
    return lines


def _runs(matches: Matches) -> Int64Array:
    """(N,) the number of the run of equal scores of a class that each detection is of."""
    fresh = np.diff(matches.labels, prepend=-1) != 0
    fresh |= np.diff(matches.scores, prepend=np.inf) != 0
    return np.cumsum(fresh) - 1


def _mixed(verdicts: NDArray[np.int8], runs: Int64Array) -> BoolArray:
    """(N,) whether a run holds right and wrong ones at any threshold."""
    starts = np.flatnonzero(np.diff(runs, prepend=-1))
    if not len(starts):
        return np.zeros(0, bool)
    right, wrong = (
        np.logical_or.reduceat(verdicts == kind, starts, axis=1)
        for kind in (TRUE_POSITIVE, FALSE_POSITIVE)
    )
    held: BoolArray = np.logical_or.reduce(right & wrong, axis=0)
    return held[runs]


def _ordered(matches: Matches, runs: Int64Array, mixed: BoolArray, sign: Literal[1, -1]) -> Matches:
    """The wrong ones of each run before the right ones, or behind them where `sign` is -1."""
    rows, verdicts = np.flatnonzero(mixed), matches.verdicts.copy()
    for row in verdicts:
        row[rows] = row[rows[np.lexsort((sign * row[rows], runs[rows]))]]
    rules = replace(matches.rules, ties=matches.rules.usual.ties)
    return replace(matches, verdicts=verdicts, rules=rules)


def _mean(matches: Matches, metric: str) -> float | None:
    return mean_if_all([*matches.mean(matches.average_precisions(metric)).values()])
