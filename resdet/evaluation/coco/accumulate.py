"""COCO's precision at 101 recalls and its highest recall, from the verdicts on all detections.

Precision is highest where something is found, so only the true positives are looked at.
Source: pycocotools 2.0.11, `COCOeval.accumulate`; equal to the bit.
"""

from __future__ import annotations

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
from resdet.evaluation.matches import IGNORED, TRUE_POSITIVE, Matches
from resdet.structures.records import Int64Array


def accumulate(found: CocoMatches) -> tuple[Float64Array, Float64Array]:
    """Precision (T, R, K, A, M) and recall (T, K, A, M); -1 for a class without objects."""
    rules = found.matches.rules
    num_classes, points = len(found.matches.class_names), grid("101point", rules.recall)
    shape = len(THRESHOLDS), num_classes, len(AREAS), len(rules.max_detections)
    precision = np.full((shape[0], len(points), *shape[1:]), -1.0)
    recall = np.full(shape, -1.0)
    for a, ignored in enumerate(found.ignored):
        labels = found.matches.truth.labels[~ignored]
        positives = np.bincount(labels, minlength=num_classes)
        columns = np.cumsum(positives) - positives
        needed = {k: _needed(int(positives[k]), points) for k in np.flatnonzero(positives)}
        for m, most in enumerate(rules.max_detections):
            at_hits, count = _precision_at_hits(found, a, most, columns, len(labels))
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
    found: CocoMatches, area: int, most: int, columns: Int64Array, width: int
) -> tuple[Float64Array, Int64Array]:
    """Precision at each true positive, and the number of them, by threshold and class.

    The first of class k stands in column `columns[k]`; where an object is not found stands 0.
    Shape: (T, width), (T, K).
    """
    verdicts, labels = found.verdicts[area], found.matches.labels
    kept = found.ranks < most
    hits = np.flatnonzero((verdicts == TRUE_POSITIVE) & kept)
    threshold, row = np.divmod(hits, max(len(labels), 1))
    counted = np.cumsum((verdicts != IGNORED) & kept, axis=1, dtype=np.int32)
    before = np.concatenate([np.zeros_like(counted[:, :1]), counted], axis=1)
    begins = np.searchsorted(labels, np.arange(len(columns)))
    label = labels[row]
    last = _last_before(found.matches, before, threshold, row)
    detections = last - before[threshold, begins[label]]
    of_class = threshold * len(columns) + label
    nth = places_in_run(of_class)
    precision = np.zeros((len(verdicts), width))
    precision[threshold, columns[label] + nth] = (nth + 1) / (detections + np.spacing(1))
    shape = len(verdicts), len(columns)
    return precision, np.bincount(of_class, minlength=shape[0] * shape[1]).reshape(shape)


def _last_before(
    matches: Matches, before: NDArray[np.int32], threshold: Int64Array, row: Int64Array
) -> NDArray[np.int32]:
    """How many detections of all classes stand up to each true positive, itself included.

    Of equal scores of a class the true ones come first, or the false ones, where the rules say so.
    Shape: before (T, N + 1), those before each row; threshold and row (H,) of the true positives.
    """
    if matches.rules.ties not in ("true-first", "false-first"):
        return before[threshold, row + 1]
    fresh = np.diff(matches.labels, prepend=-1) != 0
    fresh |= np.diff(matches.scores, prepend=np.inf) != 0
    starts = np.append(np.flatnonzero(fresh), len(fresh))
    run = np.cumsum(fresh)[row] - 1
    of_run = threshold * len(starts) + run
    place = places_in_run(of_run)
    if matches.rules.ties == "true-first":
        return before[threshold, starts[run]] + place + 1
    many = np.bincount(of_run)[of_run]
    return before[threshold, starts[run + 1]] - (many - 1 - place)
