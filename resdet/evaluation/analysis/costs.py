"""The AP that each kind of error costs: what the AP would be without it, less what it is.

Each kind is mended alone, so the costs do not sum to what is missing from 1.
Source: Bolya et al. 2020, section 2.3.
Deviation: a class in which mending the misses leaves nothing to find counts as 1, for its misses
    are all it suffers from; the authors' code counts 0. Of the errors of class and those of place
    that stand for one object, the code mends the surest of both only; here each kind by itself,
    as the paper has it. Costs below 0, which the code hides, are kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from resdet.evaluation.analysis.errors import (
    CLASSIFICATION,
    ERRORS,
    KINDS,
    LOCALISATION,
    MISSED,
    ErrorKinds,
)
from resdet.evaluation.average_precision import average_precision
from resdet.evaluation.matches import FALSE_POSITIVE, IGNORED, TRUE_POSITIVE, Matches
from resdet.evaluation.pairs import by_falling, by_small_numbers, starts_of_runs
from resdet.structures.records import BoolArray, Int64Array

ALL_FALSE_POSITIVES, ALL_MISSES = "all false positives", "all misses"


@dataclass(frozen=True)
class _World:
    """What AP is made of, by class and falling score.

    Shape: labels, hits (N,); positives (K,).
    """

    labels: Int64Array
    hits: BoolArray
    positives: Int64Array


def error_costs(matches: Matches, kinds: ErrorKinds, metric: str) -> dict[str, Any]:
    """How often each kind occurs and what it costs, in all and by class, at the first threshold.

    {kind: {"count", "dAP", "per_class": {class: {"count", "dAP"}}}} for the six kinds and for
    all false positives and all misses; `dAP` in all is of the mean by the matches' rules, of a
    class None where it has no AP. A detection counts for the class it was given, a missed object
    for its own.
    """
    counted = matches.verdicts[0] != IGNORED
    hits = matches.verdicts[0] == TRUE_POSITIVE
    real = _World(matches.labels[counted], hits[counted], matches.num_positives)
    before = _aps(real, real, matches, metric)
    lost = ~(kinds.found | matches.truth.ignored)

    costs = {}
    for name in ERRORS:
        kind = KINDS.index(name)
        if kind == MISSED:
            world = _without_misses(real, matches, kinds.missed)
            labels = matches.truth.labels[kinds.missed]
        else:
            wrong = kinds.detections == kind
            mended = np.zeros(len(matches), bool)
            if kind in (CLASSIFICATION, LOCALISATION):
                mended[_surest(matches, kinds, wrong)] = True
            world = _mended(matches, kinds, counted & ~wrong, mended, real.positives)
            labels = matches.labels[wrong]
        costs[name] = _cost(labels, before, _aps(world, real, matches, metric), matches)

    wrong = matches.verdicts[0] == FALSE_POSITIVE
    pure = _World(matches.labels[hits], hits[hits], real.positives)
    after = _aps(pure, real, matches, metric)
    costs[ALL_FALSE_POSITIVES] = _cost(matches.labels[wrong], before, after, matches)
    after = _aps(_without_misses(real, matches, lost), real, matches, metric)
    costs[ALL_MISSES] = _cost(matches.truth.labels[lost], before, after, matches)
    return costs


def _surest(matches: Matches, kinds: ErrorKinds, wrong: BoolArray) -> Int64Array:
    """The row of the highest score of those that stand for each object not found."""
    rows = np.flatnonzero(wrong)
    rows = rows[~kinds.found[kinds.targets[rows]]]
    rows = rows[by_falling(matches.scores[rows])]
    rows = rows[np.argsort(kinds.targets[rows], kind="stable")]
    return rows[starts_of_runs(kinds.targets[rows])]


def _mended(
    matches: Matches, kinds: ErrorKinds, kept: BoolArray, mended: BoolArray, positives: Int64Array
) -> _World:
    """Rows `kept` as they are, rows `mended` as hits of their target's class; the rest gone.

    A row that comes into another class stands behind the equal scores of that class.
    """
    labels = matches.labels.copy()
    labels[mended] = matches.truth.labels[kinds.targets[mended]]
    moved = labels != matches.labels
    rows = np.flatnonzero(kept | mended)
    if moved.any():
        rows = rows[by_small_numbers(moved[rows])]
        rows = rows[by_falling(matches.scores[rows])]
        rows = rows[by_small_numbers(labels[rows])]
    hits = (matches.verdicts[0] == TRUE_POSITIVE) | mended
    return _World(labels[rows], hits[rows], positives)


def _without_misses(real: _World, matches: Matches, missed: BoolArray) -> _World:
    fewer = np.bincount(matches.truth.labels[missed], minlength=len(real.positives))
    return _World(real.labels, real.hits, real.positives - fewer)


def _aps(world: _World, real: _World, matches: Matches, metric: str) -> list[float | None]:
    bounds = np.searchsorted(world.labels, np.arange(len(world.positives) + 1))
    aps: list[float | None] = []
    for label, positives in enumerate(world.positives.tolist()):
        hits = world.hits[bounds[label] : bounds[label + 1]]
        if not real.positives[label]:
            aps.append(matches.ap_without_objects(len(hits), metric))
            continue
        ap = average_precision(hits, positives, metric, matches.rules.recall)
        aps.append(1.0 if ap is None else ap)
    return aps


def _cost(
    labels: Int64Array,
    before: list[float | None],
    after: list[float | None],
    matches: Matches,
) -> dict[str, Any]:
    counts = np.bincount(labels, minlength=len(before)).tolist()
    gains = [_gain(a, b) for a, b in zip(before, after)]
    return {
        "count": sum(counts),
        "dAP": _gain(_mean(before, matches), _mean(after, matches)),
        "per_class": {
            name: {"count": count, "dAP": gain}
            for name, count, gain in zip(matches.class_names, counts, gains)
        },
    }


def _gain(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before


def _mean(aps: list[float | None], matches: Matches) -> float | None:
    key = matches.keys[0]
    return matches.mean({name: {key: ap} for name, ap in zip(matches.class_names, aps)})[key]
