"""COCO's precision at 101 recalls and its highest recall, from the verdicts on all detections.

Precision is highest where something is found, so only the true positives are looked at.
Source: pycocotools 2.0.11, `COCOeval.accumulate`; equal to the bit.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import product
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


class _Counted(NamedTuple):
    """The detections of a range of areas that count, the first of each image and class.

    Those that overlap nothing are counted alike at all thresholds; `more` corrects the others.
    Shape: labels, scores (N,); rows (C,), verdicts (T, C); alike (N + 1,), how many of rows before
    count if all overlap nothing; more (T, C + 1), how many more of the C before do.
    """

    labels: Int64Array
    scores: Float64Array
    ties: Ties
    rows: Int64Array
    verdicts: NDArray[np.int8]
    alike: NDArray[np.int32]
    more: NDArray[np.int32]

    @classmethod
    def of(cls, found: CocoMatches, area: int, most: int) -> _Counted:
        """Without the detections of rank `most` and beyond."""
        matches, rows, verdicts = found.matches, found.rows, found.judged[area]
        if most < matches.rules.max_detections[-1]:
            places = np.flatnonzero(found.ranks[rows] < most)
            rows, verdicts = rows[places], np.take(verdicts, places, axis=1)
        counts = (found.ranks < most) & ~found.outside[area]
        alike = np.zeros(len(matches) + 1, np.int32)
        np.cumsum(counts, dtype=np.int32, out=alike[1:])
        more = np.zeros((len(verdicts), len(rows) + 1), np.int32)
        differ = (verdicts != IGNORED).astype(np.int8) - counts[rows].astype(np.int8)
        np.cumsum(differ, axis=1, dtype=np.int32, out=more[:, 1:])
        return cls(matches.labels, matches.scores, matches.rules.ties, rows, verdicts, alike, more)

    def before(self, threshold: Int64Array, row: Int64Array) -> NDArray[np.int32]:
        """How many count of those before each row, of all classes."""
        return self.alike[row] + self.more[threshold, np.searchsorted(self.rows, row)]


def accumulate(
    found: CocoMatches, asked: Collection[tuple[int, int]] | None = None
) -> tuple[Float64Array, Float64Array]:
    """Precision (T, R, K, A, M) and recall (T, K, A, M); -1 for a class without objects.

    `asked`: of these places in A and M alone, -1 elsewhere; None: of all.
    """
    rules = found.matches.rules
    num_classes, points = len(found.matches.class_names), grid("101point", rules.recall)
    sizes = len(AREAS), len(rules.max_detections)
    precision = np.full((*sizes, num_classes, len(THRESHOLDS), len(points)), -1.0)
    recall = np.full(precision.shape[:-1], -1.0)
    for a, m in asked or product(*map(range, sizes)):
        labels = found.matches.truth.labels[~found.ignored[a]]
        positives = np.bincount(labels, minlength=num_classes)
        columns = np.cumsum(positives) - positives
        counted = _Counted.of(found, a, rules.max_detections[m])
        at_hits, count = _precision_at_hits(counted, columns, len(labels))
        for k in np.flatnonzero(positives):
            curve = at_hits[:, columns[k] : columns[k] + positives[k]]
            best = np.maximum.accumulate(curve[:, ::-1], axis=1)[:, ::-1]
            precision[a, m, k] = best[:, _needed(int(positives[k]), points)]
            recall[a, m, k] = count[:, k] / positives[k]
    precision, recall = precision.transpose(3, 4, 2, 0, 1), recall.transpose(3, 2, 0, 1)
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
    counted: _Counted, columns: Int64Array, width: int
) -> tuple[Float64Array, Int64Array]:
    """Precision at each true positive, and the number of them, by threshold and class.

    The first of class k stands in column `columns[k]`; where an object is not found stands 0.
    Shape: (T, width), (T, K).
    """
    shape = len(counted.verdicts), len(columns)
    is_hit = counted.verdicts == TRUE_POSITIVE
    threshold = np.repeat(np.arange(shape[0]), np.count_nonzero(is_hit, axis=1))
    place = np.flatnonzero(is_hit) - threshold * len(counted.rows)
    label = counted.labels[counted.rows[place]]
    begins = np.searchsorted(counted.labels, np.arange(shape[1]))
    of_class = threshold * shape[1] + label
    first = counted.alike[begins] + counted.more[:, np.searchsorted(counted.rows, begins)]
    detections = _last_before(counted, threshold, place) - first[threshold, label]
    nth = places_in_run(of_class)
    precision = np.zeros((shape[0], width))
    precision[threshold, columns[label] + nth] = (nth + 1) / (detections + np.spacing(1))
    return precision, np.bincount(of_class, minlength=shape[0] * shape[1]).reshape(shape)


def _last_before(counted: _Counted, threshold: Int64Array, place: Int64Array) -> NDArray[np.int32]:
    """How many detections of all classes stand up to each true positive, itself included.

    Of equal scores of a class the true ones come first, or the false ones, where the rules say so.
    Shape: threshold and place (H,) of the true positives.
    """
    row = counted.rows[place]
    if counted.ties not in ("true-first", "false-first"):
        return counted.alike[row + 1] + counted.more[threshold, place + 1]
    fresh = np.diff(counted.labels, prepend=-1) != 0
    fresh |= np.diff(counted.scores, prepend=np.inf) != 0
    starts = np.append(np.flatnonzero(fresh), len(fresh))
    run = np.cumsum(fresh)[row] - 1
    of_run = threshold * len(starts) + run
    nth = places_in_run(of_run)
    if counted.ties == "true-first":
        return counted.before(threshold, starts[run]) + nth + 1
    many = np.bincount(of_run)[of_run]
    return counted.before(threshold, starts[run + 1]) - (many - 1 - nth)
