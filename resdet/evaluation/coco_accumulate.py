"""COCO's precision at 101 recalls and its highest recall, from the verdicts on all detections.

Precision only rises where something is found, so only the true positives are looked at.
Source: pycocotools 2.0.11, `COCOeval.accumulate`; equal to the bit.
"""

from __future__ import annotations

import numpy as np

from resdet.evaluation.coco_match import AREAS, MAX_DETECTIONS, THRESHOLDS, CocoMatches
from resdet.evaluation.matches import IGNORED, TRUE_POSITIVE
from resdet.evaluation.table import Float64Array
from resdet.structures import BoolArray

RECALLS = np.linspace(0.0, 1.0, 101)


def accumulate(found: CocoMatches) -> tuple[Float64Array, Float64Array]:
    """Precision (T, R, K, A, M) and recall (T, K, A, M); -1 for a class without objects."""
    labels, objects = found.matches.labels, found.matches.truth.labels
    num_classes = len(found.matches.class_names)
    shape = len(THRESHOLDS), num_classes, len(AREAS), len(MAX_DETECTIONS)
    precision, recall = np.full((shape[0], len(RECALLS), *shape[1:]), -1.0), np.full(shape, -1.0)
    for m, most in enumerate(MAX_DETECTIONS):
        rows = np.flatnonzero(found.ranks < most)
        bounds = np.searchsorted(labels[rows], np.arange(num_classes + 1))
        for a, ignored in enumerate(found.ignored):
            positives = np.bincount(objects[~ignored], minlength=num_classes)
            verdicts = found.verdicts[a][:, rows]
            hits, counted = verdicts == TRUE_POSITIVE, verdicts != IGNORED
            for k in np.flatnonzero(positives):
                part = slice(bounds[k], bounds[k + 1])
                curve, highest = _curve(hits[:, part], counted[:, part], int(positives[k]))
                precision[:, :, k, a, m], recall[:, k, a, m] = curve, highest
    return precision, recall


def _curve(
    hits: BoolArray, counted: BoolArray, positives: int
) -> tuple[Float64Array, Float64Array]:
    """(T, N) of a class -> precision (T, R) and highest recall (T,)."""
    t, row = np.nonzero(hits)
    count = np.cumsum(counted, axis=1)[t, row]
    found = hits.sum(axis=1)
    nth = np.arange(len(t)) - np.repeat(np.cumsum(found) - found, found)
    best = np.zeros((len(hits), positives))
    best[t, nth] = (nth + 1.0) / (count + np.spacing(1))
    best = np.maximum.accumulate(best[:, ::-1], axis=1)[:, ::-1]
    needed = np.searchsorted(np.arange(1, positives + 1) / positives, RECALLS)
    return best[:, needed], found / positives
