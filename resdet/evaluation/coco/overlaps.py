"""How far boxes overlap, in columns: as pycocotools' maskApi.c computes it, or in 32 bits."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from resdet.evaluation.detection_table import Float64Array
from resdet.structures.records import BoolArray, Int64Array


class Boxes(NamedTuple):
    """Shape: (N,) each."""

    left: Float64Array
    top: Float64Array
    right: Float64Array
    bottom: Float64Array
    area: Float64Array

    @classmethod
    def of(cls, boxes: Float64Array) -> Boxes:
        """(N, 4) x, y, width, height."""
        x, y, width, height = np.ascontiguousarray(boxes.T)
        return cls(x, y, x + width, y + height, width * height)

    def at(self, rows: Int64Array) -> Boxes:
        """Those of some rows."""
        return Boxes(*(column[rows] for column in self))

    @property
    def corners(self) -> Float64Array:
        """(N, 4) xyxy."""
        return np.stack(self[:4], axis=1)


def overlaps(a: Boxes, b: Boxes, crowd: BoolArray) -> Float64Array:
    """(P,) IoU, of a crowd the share of `a`, in maskApi.c's order of operations."""
    wide = np.minimum(a.right, b.right) - np.maximum(a.left, b.left)
    high = np.minimum(a.bottom, b.bottom) - np.maximum(a.top, b.top)
    intersection = wide * high
    union = np.where(crowd, a.area, a.area + b.area - intersection)
    meet = (wide > 0) & (high > 0) & (union > 0)  # a tiny area may round to 0
    return np.divide(intersection, union, out=np.zeros_like(union), where=meet)


def overlaps_of_32_bits(a: Boxes, b: Boxes) -> Float64Array:
    """(P,) IoU as networks' code computes it, 1e-7 added to the union."""
    ours, theirs = ([column.astype(np.float32) for column in side[:4]] for side in (a, b))
    wide = np.minimum(ours[2], theirs[2]) - np.maximum(ours[0], theirs[0])
    high = np.minimum(ours[3], theirs[3]) - np.maximum(ours[1], theirs[1])
    intersection = wide.clip(0) * high.clip(0)
    union = _area(*ours) + _area(*theirs) - intersection + np.float32(1e-7)
    return (intersection / union).astype(np.float64)


def _area(
    left: NDArray[np.float32],
    top: NDArray[np.float32],
    right: NDArray[np.float32],
    bottom: NDArray[np.float32],
) -> NDArray[np.float32]:
    return (right - left) * (bottom - top)
