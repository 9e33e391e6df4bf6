"""The coordinate convention: xyxy, continuous, 0-based. The only file that adds or subtracts 1.

A VOC file counts pixels from 1 and includes both corners. Pixel `p` covers [p - 1, p] here, so
the box (xmin, ymin, xmax, ymax) of the file is [xmin - 1, ymin - 1, xmax, ymax], and the
devkit's area (xmax - xmin + 1) * (ymax - ymin + 1) is the plain area: its +1 is not forgotten,
it is the convention. Tools that write VOC's form count otherwise: see `corners`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from resdet.structures.corners import OFFSETS, VOC

FloatArray = NDArray[np.floating]
_DIGITS = 6  # of a pixel: a quarter of a turn gives whole pixels


def from_voc(boxes: FloatArray, way: str = VOC) -> FloatArray:
    """(N, 4) corners of a VOC file, the devkit's or counted another way -> continuous xyxy."""
    return boxes - np.array(OFFSETS[way], boxes.dtype)


def to_voc(boxes: FloatArray, way: str = VOC) -> FloatArray:
    """(N, 4) continuous 0-based xyxy -> corners of a VOC file; inverse of `from_voc`."""
    return boxes + np.array(OFFSETS[way], boxes.dtype)


def from_xywh(boxes: FloatArray) -> FloatArray:
    """(N, 4) COCO x, y, width, height -> xyxy."""
    return np.concatenate([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]], axis=1)


def to_xywh(boxes: FloatArray) -> FloatArray:
    """(N, 4) xyxy -> COCO x, y, width, height."""
    return np.concatenate([boxes[:, :2], boxes[:, 2:] - boxes[:, :2]], axis=1)


def around_turned(boxes: FloatArray, angles: FloatArray) -> FloatArray:
    """(N, 4) boxes turned about their centres by (N,) degrees -> the boxes around them."""
    centres, half = (boxes[:, :2] + boxes[:, 2:]) / 2, (boxes[:, 2:] - boxes[:, :2]) / 2
    cos, sin = np.abs(np.cos(np.deg2rad(angles))), np.abs(np.sin(np.deg2rad(angles)))
    wide, high = half.T
    reach = np.round(np.stack([wide * cos + high * sin, wide * sin + high * cos], axis=1), _DIGITS)
    return np.concatenate([centres - reach, centres + reach], axis=1)


def areas(boxes: FloatArray) -> FloatArray:
    """(..., 4) -> (...); an inverted box has area 0."""
    x1, y1, x2, y2 = np.moveaxis(boxes, -1, 0)
    area: FloatArray = np.maximum(x2 - x1, 0) * np.maximum(y2 - y1, 0)
    return area


def clip(boxes: FloatArray, height: float, width: float) -> FloatArray:
    """(N, 4) -> the part of each box inside [0, width] x [0, height]."""
    limits = np.array([width, height, width, height], boxes.dtype)
    return np.clip(boxes, 0, limits)


def iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """Intersection over union of every pair; 0 where both areas are 0.

    Shape: (N, 4), (M, 4) -> (N, M).
    """
    return paired_iou(a[:, None], b)


def paired_iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """IoU of each box with the one at its place; exact where the corners are whole pixels.

    Shape: (..., 4), (..., 4) -> (...), the two broadcast.
    """
    width = np.minimum(a[..., 2], b[..., 2]) - np.maximum(a[..., 0], b[..., 0])
    height = np.minimum(a[..., 3], b[..., 3]) - np.maximum(a[..., 1], b[..., 1])
    intersection = np.maximum(width, 0) * np.maximum(height, 0)
    union = areas(a) + areas(b) - intersection
    return np.divide(intersection, union, out=np.zeros_like(intersection), where=union > 0)


def voc_iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """IoU of paired inclusive corners of VOC files, in the devkit's order of operations.

    The same number as `paired_iou` of the continuous boxes, but for its last bit, which decides
    where an overlap meets a threshold; detectron2's `voc_eval` has the bits of this one.

    Shape: (N, 4), (N, 4) -> (N,).
    """
    lower, upper = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, 2:], b[:, 2:])
    sides = np.maximum(upper - lower + 1, 0)
    intersection = sides[:, 0] * sides[:, 1]
    with np.errstate(over="ignore", invalid="ignore"):  # a box without end overlaps by 0
        union = _inclusive_areas(a) + _inclusive_areas(b) - intersection
        return np.divide(intersection, union, out=np.zeros_like(intersection), where=union > 0)


def _inclusive_areas(corners: FloatArray) -> FloatArray:
    sides = corners[:, 2:] - corners[:, :2] + 1
    return sides[:, 0] * sides[:, 1]


def too_thin(boxes: FloatArray, pixels: float = 1.0) -> NDArray[np.bool_]:
    """(N, 4) -> (N,) True where a side is at most `pixels`: an annotator's stray click.

    Such boxes take no part in training; evaluation counts them as the devkit does.
    """
    return np.any(boxes[:, 2:] - boxes[:, :2] <= pixels, axis=1)
