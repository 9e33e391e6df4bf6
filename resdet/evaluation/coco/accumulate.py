"""COCO's precision at 101 recalls and its highest recall, from the verdicts on all detections.

Precision is highest where something is found, so only the true positives are looked at.
Source: pycocotools 2.0.11, `COCOeval.accumulate`; equal to the bit.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resdet.evaluation.average_precision import grid
from resdet.evaluation.coco.match import (
    AREAS,
    THRESHOLDS,
    CocoMatches,
    places_in_run,
)
from resdet.evaluation.coco.trapezoid import trapezoids
from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.matches import IGNORED, TRUE_POSITIVE
from resdet.evaluation.rules import Ties
from resdet.structures.records import Int64Array


class _Kept(NamedTuple):
    """The detections that count.

    Shape: labels, scores (N,); verdicts (A, T, N).
    """

    labels: Int64Array
    scores: Float64Array
    verdicts: NDArray[np.int8]
    ties: Ties

    @classmethod
    def of(cls, found: CocoMatches, most: int) -> _Kept:
        """The first of each image and class."""
        matches, verdicts = found.matches, found.verdicts
        rows = np.flatnonzero(found.ranks < most)
        if len(rows) == len(matches):
            return cls(matches.labels, matches.scores, verdicts, matches.rules.ties)
        kept = np.take(verdicts, rows, axis=-1)
        return cls(matches.labels[rows], matches.scores[rows], kept, matches.rules.ties)


def accumulate(found: CocoMatches) -> tuple[Float64Array, Float64Array]:
    """Precision (T, R, K, A, M) and recall (T, K, A, M); -1 for a class without objects."""
    rules = found.matches.rules
    num_classes, points = len(found.matches.class_names), grid("101point", rules.recall)
    shape = len(THRESHOLDS), num_classes, len(AREAS), len(rules.max_detections)
    precision = np.full((shape[0], len(points), *shape[1:]), -1.0)
    recall = np.full(shape, -1.0)
    kept = [_Kept.of(found, most) for most in rules.max_detections]
    for a, ignored in enumerate(found.ignored):
        labels = found.matches.truth.labels[~ignored]
        positives = np.bincount(labels, minlength=num_classes)
        columns = np.cumsum(positives) - positives
        needed = {k: _needed(int(positives[k]), points) for k in np.flatnonzero(positives)}
        for m, part in enumerate(kept):
            at_hits, count = _precision_at_hits(part, a, columns, len(labels))
            for k, nth in needed.items():
                curve = at_hits[:, columns[k] : columns[k] + positives[k]]
                best = np.maximum.accumulate(curve[:, ::-1], axis=1)[:, ::-1]
                precision[:, :, k, a, m] = best[:, nth]
                recall[:, k, a, m] = count[:, k] / positives[k]
    if rules.recall == "trapezoid":
        precision[:, :, :, 0, -1] = trapezoids(found)
    if rules.mean != "objects":
        _count_empty(found, precision)
    return precision, recall


def _count_empty(found: CocoMatches, precision: Float64Array) -> None:
    """Classes without objects have precision 0 where they count."""
    matches = found.matches
    for a, verdicts in enumerate(found.verdicts):
        for label, rows in matches.rows_of_classes():
            seen = (verdicts[:, rows] != IGNORED).any(axis=1) | (matches.rules.mean != "seen")
            empty = precision[:, :, label, a]
            empty[seen & (empty < 0).all(axis=(1, 2))] = 0.0


def _needed(positives: int, points: Float64Array) -> Int64Array:
    """(R,) which true positive, from 0, brings the recall that is asked for."""
    return np.searchsorted(np.arange(1, positives + 1) / positives, points)


def _precision_at_hits(
    kept: _Kept, area: int, columns: Int64Array, width: int
) -> tuple[Float64Array, Int64Array]:
    """Precision at each true positive, and the number of them, by threshold and class.

    The first of class k stands in column `columns[k]`; where an object is not found stands 0.
    Shape: (T, width), (T, K).
    """
    verdicts, labels = kept.verdicts[area], kept.labels
    hits = np.flatnonzero(verdicts == TRUE_POSITIVE)
    threshold, row = np.divmod(hits, max(len(labels), 1))
    before = np.zeros((len(verdicts), len(labels) + 1), np.int32)
    np.cumsum(verdicts != IGNORED, axis=1, dtype=np.int32, out=before[:, 1:])
    begins = np.searchsorted(labels, np.arange(len(columns)))
    label = labels[row]
    last = _last_before(kept, before, threshold, row)
    detections = last - before[threshold, begins[label]]
    of_class = threshold * len(columns) + label
    nth = places_in_run(of_class)
    precision = np.zeros((len(verdicts), width))
    precision[threshold, columns[label] + nth] = (nth + 1) / (detections + np.spacing(1))
    shape = len(verdicts), len(columns)
    return precision, np.bincount(of_class, minlength=shape[0] * shape[1]).reshape(shape)


def _last_before(
    kept: _Kept, before: NDArray[np.int32], threshold: Int64Array, row: Int64Array
) -> NDArray[np.int32]:
    """How many detections of all classes stand up to each true positive, itself included.

    Of equal scores of a class the true ones come first, or the false ones, where the rules say so.
    Shape: before (T, N + 1), those before each row; threshold and row (H,) of the true positives.
    """
    if kept.ties not in ("true-first", "false-first"):
        return before[threshold, row + 1]
    fresh = np.diff(kept.labels, prepend=-1) != 0
    fresh |= np.diff(kept.scores, prepend=np.inf) != 0
    starts = np.append(np.flatnonzero(fresh), len(fresh))
    run = np.cumsum(fresh)[row] - 1
    of_run = threshold * len(starts) + run
    place = places_in_run(of_run)
    if kept.ties == "true-first":
        return before[threshold, starts[run]] + place + 1
    many = np.bincount(of_run)[of_run]
    return before[threshold, starts[run + 1]] - (many - 1 - place)
