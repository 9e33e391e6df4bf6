"""What kind of error every false positive is, which objects were missed, and what each kind costs.

Source: Bolya et al. 2020, "TIDE: A General Toolbox for Identifying Object Detection Errors",
section 2.2; where a box fits two kinds, the order of the authors' code.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resdet.evaluation.matches import FALSE_POSITIVE, IGNORED, TRUE_POSITIVE, Matches
from resdet.evaluation.pairs import overlapping
from resdet.structures.boxes import FloatArray
from resdet.structures.records import BoolArray, Int64Array

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
_BACKGROUND = 0.1  # of TIDE


@dataclass(frozen=True)
class ErrorKinds:
    """The kind of every detection and the state of every object, at one threshold.

    Shape: detections (N,) indexes KINDS; targets (N,) is the row in `truth` that a detection
    found, would have found but for its class or place, or found again (duplicate), else -1;
    found and missed (M,). An object neither ignored nor found is missed only where no error of
    class or place has it as its target. `background` is the overlap up to which it is that.
    """

    detections: NDArray[np.int8]
    targets: NDArray[np.int32]
    found: BoolArray
    missed: BoolArray
    background: float

    def counts(self) -> dict[str, int]:
        """{kind: how many}, in the order of KINDS."""
        counts = np.bincount(self.detections, minlength=len(KINDS))
        counts[MISSED] = np.count_nonzero(self.missed)
        return dict(zip(KINDS, counts.tolist()))


def error_kinds(matches: Matches, *, background: float | None = None) -> ErrorKinds:
    """The kind of every detection at the first threshold t of the matches.

    A false positive is, by its highest overlaps with the image's objects that are not ignored:
    `localisation` from `background` up to t with its own class; else `classification` with an
    object of another class at t; else `duplicate` with its own class at t; else `background`
    at most `background`; else `both`. Of equal overlaps the first object counts. None: TIDE's
    0.1, or a fifth of t where t is no higher than that.
    Raises: ValueError unless 0 < background < t.
    """
    truth, threshold = matches.truth, matches.thresholds[0]
    if background is None:
        background = _BACKGROUND if threshold > _BACKGROUND else threshold / 5
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
    required = np.flatnonzero(~truth.ignored)
    labels = matches.labels[wrong], truth.labels[required]
    own, other = _Nearest(len(wrong)), _Nearest(len(wrong))
    boxes = np.take(matches.boxes, wrong, axis=0), truth.boxes[required]
    images = matches.images[wrong], truth.images[required]
    for rows, objects, iou in overlapping(*images, boxes, background):
        same = labels[0][rows] == labels[1][objects]
        own.meet(rows[same], objects[same], iou[same])
        other.meet(rows[~same], objects[~same], iou[~same])
    own_hit, other_hit = (
        side.overlap >= threshold if matches.rules.iou == "ge" else side.overlap > threshold
        for side in (own, other)
    )
    misplaced = (own.overlap >= background) & ~own_hit
    kinds[wrong] = np.select(
        [misplaced, other_hit, own_hit, other.overlap <= background],
        [LOCALISATION, CLASSIFICATION, DUPLICATE, BACKGROUND],
        BOTH,
    )
    found_at = np.select(
        [misplaced | (own_hit & ~other_hit), other_hit], [own.objects, other.objects], -1
    )
    near = np.flatnonzero(found_at >= 0)
    targets[wrong[near]] = required[found_at[near]]

    found = np.zeros(len(truth), bool)
    found[targets[kinds == CORRECT]] = True
    touched = np.zeros(len(truth), bool)
    touched[targets[(kinds == CLASSIFICATION) | (kinds == LOCALISATION)]] = True
    missed = ~(found | touched | truth.ignored)
    return ErrorKinds(kinds, targets, found, missed, background)


class _Nearest:
    """What each of N boxes overlaps most, the first of equals; -1 where nothing."""

    def __init__(self, many: int) -> None:
        self.overlap, self.objects = np.full(many, -1.0), np.full(many, -1)

    def meet(self, rows: Int64Array, objects: Int64Array, overlap: FloatArray) -> None:
        """Different rows, each with an object."""
        more = overlap > self.overlap[rows]
        self.overlap[rows[more]], self.objects[rows[more]] = overlap[more], objects[more]
