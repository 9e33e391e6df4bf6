"""Matching of detections to the objects that are still free, as ImageNet's devkit has it.

Source: eval_detection.m of the ILSVRC2014 devkit, "significantly optimized since ILSVRC2013";
readme.txt of the ILSVRC2015 devkit, section 2.3.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.matches import FALSE_POSITIVE, IGNORED, TRUE_POSITIVE, Objects
from resdet.evaluation.pairs import pairs
from resdet.evaluation.rules import Rules
from resdet.structures.boxes import FloatArray, voc_iou
from resdet.structures.records import BoolArray, Int64Array


def judge_free(
    images: Int64Array,
    labels: Int64Array,
    mine: FloatArray,
    corners: FloatArray,
    truth: Objects,
    thresholds: Sequence[float],
    rules: Rules,
) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    """(T, N) verdicts and rows of `truth`, -1 for false positives.

    A detection finds the object that it overlaps most of those of its image and class which are
    free and near enough, the first of equals; where there is none, an ignored one excuses it.

    Shape: images, labels (N,) and mine (N, 4) by falling score; corners (M, 4) of the objects.
    Unit: corners as files have them.
    """
    verdicts = np.full((len(thresholds), len(images)), FALSE_POSITIVE, np.int8)
    found = np.full(verdicts.shape, -1, np.int32)
    free = np.tile(~truth.ignored, (len(thresholds), 1))
    limits = [np.minimum(t, _least_overlaps(corners, rules)) for t in thresholds]
    every = 1 + max((int(x.max()) for x in (labels, truth.labels) if len(x)), default=0)
    for block in pairs(images * every + labels, truth.images * every + truth.labels):
        iou = voc_iou(mine[block.left], corners[block.right])
        for row, limit in enumerate(limits):
            least = limit[block.right]
            near = np.flatnonzero(iou >= least if rules.iou == "ge" else iou > least)
            for of_one in np.split(near, np.flatnonzero(np.diff(block.left[near])) + 1):
                if len(of_one):
                    left, right = int(block.left[of_one[0]]), block.right[of_one]
                    one = _met(right, iou[of_one], free[row], truth.ignored)
                    if one >= 0:
                        verdicts[row, left] = IGNORED if truth.ignored[one] else TRUE_POSITIVE
                        found[row, left] = one
                        free[row, one] = False
    return verdicts, found


def _met(right: Int64Array, iou: FloatArray, free: BoolArray, ignored: BoolArray) -> int:
    """The row of the object that a detection meets; -1 where it meets none."""
    for chosen in (free[right], ignored[right]):
        if chosen.any():
            return int(right[np.argmax(np.where(chosen, iou, -1.0))])
    return -1


def _least_overlaps(corners: FloatArray, rules: Rules) -> Float64Array:
    """(M,) the overlap that each object asks for by its size alone; 1 without a leeway."""
    if rules.leeway is None:
        return np.ones(len(corners))
    width, height = (corners[:, 2:] - corners[:, :2] + 1).T
    larger: Float64Array = (width + rules.leeway) * (height + rules.leeway)
    return (width * height) / larger
