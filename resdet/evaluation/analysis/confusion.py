"""Which classes are taken for which: the confusion matrix of a detector."""

from __future__ import annotations

import numpy as np

from resdet.evaluation.matches import FALSE_POSITIVE, TRUE_POSITIVE, Matches
from resdet.evaluation.pairs import overlapping
from resdet.structures.records import BoolArray, Int64Array


def confusion_matrix(matches: Matches, score: float) -> Int64Array:
    """What detections of at least `score` make of the objects, at the first threshold t.

    A row is the class of an object, a column that of a detection; the last of each is the
    background. On the diagonal are the true positives of AP. Each false positive then, by
    falling score, takes the object it overlaps most, by at least t, of those of other classes
    that are neither found nor taken; one that takes none is in the row of the background, an
    object that is left in its column. What AP ignores is not here, so rows sum to the objects
    and columns to the detections. At [K, K], background taken for background, is 0.
    Shape: (K + 1, K + 1).
    """
    classes, truth = len(matches.class_names), matches.truth
    sure = matches.scores >= score
    right = np.flatnonzero(sure & (matches.verdicts[0] == TRUE_POSITIVE))
    wrong = np.flatnonzero(sure & (matches.verdicts[0] == FALSE_POSITIVE))
    free = ~truth.ignored
    free[matches.objects[0, right]] = False
    taken = _taken(matches, wrong, free)
    free[taken[taken >= 0]] = False
    background = np.full(len(wrong), classes)
    instead = np.append(truth.labels, classes)[taken]  # -1 is the background at the end

    matrix = np.zeros((classes + 1, classes + 1), np.int64)
    np.add.at(matrix, (matches.labels[right], matches.labels[right]), 1)
    np.add.at(matrix, (np.where(taken < 0, background, instead), matches.labels[wrong]), 1)
    np.add.at(matrix, (truth.labels[free], np.full(np.count_nonzero(free), classes)), 1)
    return matrix


def _taken(matches: Matches, wrong: Int64Array, free: BoolArray) -> Int64Array:
    """The object that each false positive takes, -1 for none."""
    truth, threshold = matches.truth, matches.thresholds[0]
    objects = np.flatnonzero(free)
    near = []
    boxes = matches.boxes[wrong], truth.boxes[objects]
    images = matches.images[wrong], truth.images[objects]
    for rows, partners, iou in overlapping(*images, boxes, threshold):
        hit = matches.labels[wrong[rows]] != truth.labels[objects[partners]]
        if matches.rules.iou == "gt":
            hit &= iou > threshold
        near.append((rows[hit], objects[partners[hit]], iou[hit]))
    taken = np.full(len(wrong), -1)
    if not near:
        return taken
    left, right, iou = (np.concatenate(column) for column in zip(*near))
    order = np.lexsort((right, -iou, left, -matches.scores[wrong[left]]))
    gone: set[int] = set()
    for place, row in zip(left[order].tolist(), right[order].tolist()):
        if taken[place] < 0 and row not in gone:
            taken[place] = row
            gone.add(row)
    return taken
