"""The area below precision over recall, a straight line between any two detections."""

from __future__ import annotations

import numpy as np

from resdet.evaluation.average_precision import HUNDRED_AND_ONE
from resdet.evaluation.coco.match import CocoMatches
from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.matches import IGNORED, TRUE_POSITIVE
from resdet.structures.records import BoolArray


def trapezoids(found: CocoMatches) -> Float64Array:
    """(T, R, K) heights whose mean is the area; -1 for a class without objects.

    Source: ultralytics' metrics.py, `compute_ap`: the curve begins at precision 1, and is read at
    101 recalls.
    """
    matches = found.matches
    weights = np.full(len(HUNDRED_AND_ONE), len(HUNDRED_AND_ONE) / 100)
    weights[[0, -1]] /= 2
    shape = len(matches.thresholds), len(weights), len(matches.class_names)
    heights = np.full(shape, -1.0)
    positives = matches.num_positives
    for label, rows in matches.rows_of_classes():
        if not positives[label]:
            continue
        for t, verdicts in enumerate(matches.verdicts[:, rows]):
            hits = verdicts[verdicts != IGNORED] == TRUE_POSITIVE
            heights[t, :, label] = weights * _curve(hits, int(positives[label]))
    return heights


def _curve(hits: BoolArray, positives: int) -> Float64Array:
    """(R,) the precision at each recall."""
    if not len(hits):
        return np.zeros_like(HUNDRED_AND_ONE)
    found = np.cumsum(hits)
    recall, precision = found / positives, found / np.arange(1, len(hits) + 1)
    at = np.concatenate([[0.0], recall, [recall[-1], 1.0]])
    best = np.concatenate([[1.0], precision, [0.0, 0.0]])
    return np.interp(HUNDRED_AND_ONE, at, np.maximum.accumulate(best[::-1])[::-1])
