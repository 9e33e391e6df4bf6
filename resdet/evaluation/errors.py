"""What kind of error every false positive is, which objects were missed, and what each kind costs.

Source: Bolya et al. 2020, "TIDE: A General Toolbox for Identifying Object Detection Errors",
section 2.2; where a box fits two kinds, the order of the authors' code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resdet.boxes import paired_iou
from resdet.evaluation.matches import FALSE_POSITIVE, IGNORED, TRUE_POSITIVE, Matches
from resdet.evaluation.table import Float64Array
from resdet.structures import BoolArray, Int64Array

KINDS = (
    "correct",
    "classification",
    "localisation",
    "both",
    "duplicate",
    "background",
    "missed",
    "ignored",
)
(
    CORRECT,
    CLASSIFICATION,
    LOCALISATION,
    BOTH,
    DUPLICATE,
    BACKGROUND,
    MISSED,
    NEITHER,  # "ignored"
) = range(len(KINDS))
ERRORS = KINDS[CLASSIFICATION : MISSED + 1]

_PAIRS_AT_ONCE = 1_000_000  # pairs of boxes compared at once: bounds the memory


@dataclass(frozen=True)
class ErrorKinds:
    """The kind of every detection and the state of every object, at one threshold.

    Shape: detections (N,) indexes KINDS; targets (N,) is the row in `truth` that a detection
    found, would have found but for its class or place, or found again (duplicate), else -1;
    found and missed (M,). An object neither ignored nor found is missed only where no error of
    class or place has it as its target.
    """

    detections: NDArray[np.int8]
    targets: NDArray[np.int32]
    found: BoolArray
    missed: BoolArray

    def counts(self) -> dict[str, int]:
        """{kind: how many}, in the order of KINDS."""
        counts = np.bincount(self.detections, minlength=len(KINDS))
        counts[MISSED] = np.count_nonzero(self.missed)
        return dict(zip(KINDS, counts.tolist()))


def error_kinds(matches: Matches, *, background: float = 0.1) -> ErrorKinds:
    """The kind of every detection at the first threshold t of the matches.

    A false positive is, by its highest overlaps with the image's objects that are not ignored:
    `localisation` from `background` up to t with its own class; else `classification` with an
    object of another class at t; else `duplicate` with its own class at t; else `background`
    at most `background`; else `both`. Of equal overlaps the first object counts.
    Raises: ValueError unless 0 < background < t.
    """
    threshold = matches.thresholds[0]
    if not 0 < background < threshold:
        raise ValueError(
            f"background must be in (0, {threshold}), the threshold of the matches, "
            f"got {background}"
        )
    verdicts = matches.verdicts[0]
    kinds = np.full(len(matches), CORRECT, np.int8)
    kinds[verdicts == IGNORED] = NEITHER
    targets = np.where(verdicts == TRUE_POSITIVE, matches.objects[0], -1).astype(np.int32)
    wrong = np.flatnonzero(verdicts == FALSE_POSITIVE)
    kinds[wrong] = BACKGROUND
    for rows, own, own_object, other, other_object in _best_overlaps(matches, wrong):
        own_hit, other_hit = (
            overlap >= threshold if matches.rules.iou == "ge" else overlap > threshold
            for overlap in (own, other)
        )
        misplaced = (own >= background) & ~own_hit
        kinds[rows] = np.select(
            [misplaced, other_hit, own_hit, other <= background],
            [LOCALISATION, CLASSIFICATION, DUPLICATE, BACKGROUND],
            BOTH,
        )
        targets[rows] = np.select(
            [misplaced, other_hit, own_hit], [own_object, other_object, own_object], -1
        )

    found = np.zeros(len(matches.truth), bool)
    found[targets[kinds == CORRECT]] = True
    touched = np.zeros(len(matches.truth), bool)
    touched[targets[(kinds == CLASSIFICATION) | (kinds == LOCALISATION)]] = True
    missed = ~(found | touched | matches.truth.ignored)
    return ErrorKinds(kinds, targets, found, missed)


_Overlaps = tuple[Int64Array, Float64Array, Int64Array, Float64Array, Int64Array]


def _best_overlaps(matches: Matches, rows: Int64Array) -> Iterator[_Overlaps]:
    """Blocks of (rows, own IoU, own object, other IoU, other object); -1 where there is none.

    Rows of images without objects that count come in no block.
    """
    truth = matches.truth
    required = np.flatnonzero(~truth.ignored)
    required = required[np.argsort(truth.images[required], kind="stable")]
    images = truth.images[required]
    first = np.searchsorted(images, matches.images[rows], "left")
    count = np.searchsorted(images, matches.images[rows], "right") - first
    rows, first, count = (column[count > 0] for column in (rows, first, count))
    ends = np.cumsum(count)
    marks = np.arange(_PAIRS_AT_ONCE, ends[-1] if len(ends) else 0, _PAIRS_AT_ONCE)
    for part in np.split(np.arange(len(rows)), np.unique(np.searchsorted(ends, marks))):
        if not len(part):
            continue
        n = count[part]
        starts = np.cumsum(n) - n
        objects = required[np.arange(n.sum()) + np.repeat(first[part] - starts, n)]
        repeated = np.repeat(rows[part], n)
        iou = paired_iou(matches.boxes[repeated], truth.boxes[objects])
        same = truth.labels[objects] == matches.labels[repeated]
        own = _best(np.where(same, iou, -1.0), objects, starts, n)
        yield rows[part], *own, *_best(np.where(same, -1.0, iou), objects, starts, n)


def _best(
    iou: Float64Array, objects: Int64Array, starts: Int64Array, count: Int64Array
) -> tuple[Float64Array, Int64Array]:
    """The highest IoU of each run of pairs and its object, the first of equals."""
    highest = np.maximum.reduceat(iou, starts)
    places = np.where(iou == np.repeat(highest, count), np.arange(len(iou)), len(iou))
    return highest, objects[np.minimum.reduceat(places, starts)]
