"""Two sets of detections of one image, detection by detection."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resdet.structures import boxes as box_ops
from resdet.structures.records import Detections

BOX_BOUND = 1e-2  # larger pixels
SCORE_BOUND = 1e-3
_FAR = 10  # times a bound: what may be the same detection
_TIE = 1e-4  # scores nearer than this may come in either order


class Difference(NamedTuple):
    """`alone` counts the detections that the other set lacks; `at_limit` those of them whose
    score is so near the least that is told that rounding decides.
    """

    pairs: int
    box: float
    score: float
    alone: int
    at_limit: int

    @property
    def small(self) -> bool:
        """Whether the sets are one but for rounding."""
        return self.within(1)

    @property
    def near(self) -> bool:
        """Whether they may be of images that differ by a grey level in a few pixels."""
        return self.within(_FAR)

    def within(self, times: float) -> bool:
        """Whether they differ by at most so many times the bounds."""
        bounds = times * BOX_BOUND, times * SCORE_BOUND
        return self.alone == 0 and self.box <= bounds[0] and self.score <= bounds[1]


def larger_pixels(image: Sequence[int], resized: Sequence[int]) -> NDArray[np.float64]:
    """The sides of a pixel of what the network gets, where they are more than those of the image's.

    So much does what the network rounds move a corner. Shape: (height, width, ...) twice -> (4,).
    """
    return np.maximum([image[1] / resized[1], image[0] / resized[0]] * 2, 1.0)


def compare(
    ours: Detections,
    theirs: Detections,
    threshold: float,
    most: int,
    pixels: NDArray[np.float64] | float = 1.0,
) -> Difference:
    """Pair each detection with the nearest of its class that is left, nearest pairs first.

    Boxes that lie further apart than 10 times the bound are no pair. `threshold` is the score
    above which detections are told, `most` how many of an image.
    Unit: `pixels`, of `larger_pixels`, the largest difference of a corner; scores in [0, 1].
    """
    far = np.abs(ours.boxes[:, None].astype(float) - theirs.boxes[None]) / pixels
    far = far.max(-1, initial=0.0)
    score = np.abs(ours.scores[:, None].astype(float) - theirs.scores[None])
    cost = np.where(ours.labels[:, None] == theirs.labels, far + score, np.inf)
    cost[~(far <= _FAR * BOX_BOUND)] = np.inf
    left, right = [], []
    free = np.isfinite(cost)
    for at in np.argsort(cost, axis=None, kind="stable"):
        row, column = np.unravel_index(at, cost.shape)
        if free[row, column]:
            left.append(row)
            right.append(column)
            free[row, :] = free[:, column] = False
    limit = max(_least(one, threshold, most) for one in (ours, theirs)) + SCORE_BOUND
    alone = np.concatenate([_without(ours.scores, left), _without(theirs.scores, right)])
    at_limit = int((alone <= limit).sum())
    return Difference(
        pairs=len(left),
        box=float(far[left, right].max(initial=0.0)),
        score=float(score[left, right].max(initial=0.0)),
        alone=len(alone) - at_limit,
        at_limit=at_limit,
    )


def untied(
    ours: Detections,
    theirs: Detections,
    known: Detections,
    iou: float,
    pixels: NDArray[np.float64] | float = 1.0,
) -> Detections:
    """`theirs`, in which a box that ours suppressed for one of the same score gives way to that.

    `known`: what ours found before suppression, which takes those that overlap by more than `iou`.
    """
    boxes = theirs.boxes.copy()
    overlap = box_ops.iou(theirs.boxes, ours.boxes) > iou
    for at, (label, score, box) in enumerate(zip(theirs.labels, theirs.scores, theirs.boxes)):
        near = (np.abs(known.boxes - box) <= BOX_BOUND * pixels).all(1) & (known.labels == label)
        known_so = near & (np.abs(known.scores - score) <= _TIE)
        rivals = overlap[at] & (ours.labels == label) & (np.abs(ours.scores - score) <= _TIE)
        if known_so.any() and rivals.any():
            boxes[at] = ours.boxes[rivals][0]
    return Detections(theirs.image_id, boxes, theirs.labels, theirs.scores)


def _least(found: Detections, threshold: float, most: int) -> float:
    return float(found.scores.min()) if len(found) >= most else threshold


def _without(scores: NDArray[np.floating], taken: list[int]) -> NDArray[np.floating]:
    return np.delete(scores, taken)
