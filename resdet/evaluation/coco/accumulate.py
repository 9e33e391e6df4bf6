"""COCO's precision at 101 recalls and its highest recall, from the verdicts on all detections.

Precision is highest where something is found, so only the true positives are looked at.
Source: pycocotools 2.0.11, `COCOeval.accumulate`; equal to the bit.
"""

from __future__ import annotations

import numpy as np

from resdet.evaluation.average_precision import HUNDRED_AND_ONE
from resdet.evaluation.coco.match import (
    AREAS,
    MAX_DETECTIONS,
    THRESHOLDS,
    CocoMatches,
    places_in_run,
)
from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.matches import IGNORED, TRUE_POSITIVE
from resdet.structures.records import Int64Array


def accumulate(found: CocoMatches) -> tuple[Float64Array, Float64Array]:
    """Precision (T, R, K, A, M) and recall (T, K, A, M); -1 for a class without objects."""
    num_classes = len(found.matches.class_names)
    shape = len(THRESHOLDS), num_classes, len(AREAS), len(MAX_DETECTIONS)
    precision = np.full((shape[0], len(HUNDRED_AND_ONE), *shape[1:]), -1.0)
    recall = np.full(shape, -1.0)
    for a, ignored in enumerate(found.ignored):
        labels = found.matches.truth.labels[~ignored]
        positives = np.bincount(labels, minlength=num_classes)
        columns = np.cumsum(positives) - positives
        needed = {k: _needed(int(positives[k])) for k in np.flatnonzero(positives)}
        for m, most in enumerate(MAX_DETECTIONS):
            at_hits, count = _precision_at_hits(found, a, most, columns, len(labels))
            for k, nth in needed.items():
                curve = at_hits[:, columns[k] : columns[k] + positives[k]]
                best = np.maximum.accumulate(curve[:, ::-1], axis=1)[:, ::-1]
                precision[:, :, k, a, m] = best[:, nth]
                recall[:, k, a, m] = count[:, k] / positives[k]
    return precision, recall


def _needed(positives: int) -> Int64Array:
    """(R,) which true positive, from 0, brings the recall that is asked for."""
    return np.searchsorted(np.arange(1, positives + 1) / positives, HUNDRED_AND_ONE)


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
    detections = counted[threshold, row] - before[threshold, begins[label]]
    of_class = threshold * len(columns) + label
    nth = places_in_run(of_class)
    precision = np.zeros((len(verdicts), width))
    precision[threshold, columns[label] + nth] = (nth + 1) / (detections + np.spacing(1))
    shape = len(verdicts), len(columns)
    return precision, np.bincount(of_class, minlength=shape[0] * shape[1]).reshape(shape)
