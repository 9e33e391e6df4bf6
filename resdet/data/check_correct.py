"""What becomes of the boxes of an image in a corrected copy."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backbones.images.inspect import ImageFacts
from resdet.data.check_boxes import SIZE_AND_BOXES, TURNED, Item, Origin, size_kind
from resdet.data.turned import is_turned
from resdet.structures import boxes as box
from resdet.structures.boxes import FloatArray

SWAPPED, CLIPPED = "boxes with corners swapped back", "boxes clipped to their image"
DROPPED = "boxes dropped: outside, at most one pixel, or repeated"
RESIZED = "sizes corrected"
BOXES_TURNED = "images whose boxes were rotated as their EXIF data says"
AROUND = "turned objects, of which the box around them is taken"
SCALED = "images whose boxes were scaled to the image's size"
_SAME_SHAPE = 0.01  # by how much height / width may differ where an image was scaled


@dataclass(frozen=True)
class Corrected:
    """The boxes of one item, in the frame of the upright image.

    Shape: boxes (N, 4) as in the item; keep, changed (N,) bool. `moved`: all were turned or scaled.
    Unit: size is (height, width) in pixels.
    """

    boxes: FloatArray
    keep: NDArray[np.bool_]
    changed: NDArray[np.bool_]
    size: tuple[int, int]
    moved: bool


def correct(item: Item, fact: ImageFacts, origin: Origin, done: Counter[str]) -> Corrected:
    """Corners in order, turned or scaled to the image, clipped; what was done is counted."""
    assert fact.size is not None  # of a readable image
    assert fact.stored is not None
    boxes = _ordered(item, origin)
    done[SWAPPED] += int((boxes != item.boxes).any(axis=1).sum())
    turned = np.array([is_turned(angle) for angle in item.angles], bool)
    if turned.any():
        boxes = np.where(turned[:, None], box.around_turned(boxes, np.array(item.angles)), boxes)
        done[AROUND] += int(turned.sum())
    kind, size = size_kind(item, fact), fact.size
    moved = False
    if kind is TURNED:
        boxes, moved = turn(boxes, fact.stored, fact.orientation), True
        done[BOXES_TURNED] += 1
    elif kind is SIZE_AND_BOXES and item.size is not None and _same_shape(item.size, size):
        scale = (size[1] / item.size[1], size[0] / item.size[0])
        boxes, moved = boxes * np.array([*scale, *scale]), True
        done[SCALED] += 1
    elif kind is not None:
        done[RESIZED] += 1
    inside = box.clip(boxes, *size)
    keep: NDArray[np.bool_] = ~box.too_thin(inside) & ~_repeated(item, inside)
    clipped = (inside != boxes).any(axis=1)
    done[CLIPPED] += int((clipped & keep).sum())
    done[DROPPED] += int((~keep).sum())
    changed = (inside != item.boxes).any(axis=1)
    changed[np.flatnonzero(turned)] = True  # be it a square, its attribute goes
    return Corrected(inside, keep, changed, size, moved)


def turn(boxes: FloatArray, stored: tuple[int, int], orientation: int) -> FloatArray:
    """(N, 4) boxes of an image as it lies on disk -> of the image as EXIF shows it.

    Source: Exif 2.3, tag 0x0112: which edges the first row and the first column are.
    """
    height, width = stored
    x, y = boxes[:, [0, 2]], boxes[:, [1, 3]]
    if orientation in (2, 3):
        x = width - x[:, ::-1]
    if orientation in (3, 4):
        y = height - y[:, ::-1]
    if orientation in (7, 8):  # mirrored along the long way, then transposed
        x = width - x[:, ::-1]
    if orientation in (6, 7):
        y = height - y[:, ::-1]
    if orientation >= 5:
        x, y = y, x
    return np.stack([x[:, 0], y[:, 0], x[:, 1], y[:, 1]], axis=1)


def _ordered(item: Item, origin: Origin) -> FloatArray:
    """Near corner first, by the numbers as they are written."""
    boxes = item.boxes
    written = box.to_voc(boxes, item.corners) if origin == "voc" else boxes
    low, high = (
        np.minimum(written[:, :2], written[:, 2:]),
        np.maximum(written[:, :2], written[:, 2:]),
    )
    swapped = np.any(written[:, 2:] < written[:, :2], axis=1, keepdims=True)
    ordered = np.concatenate([low, high], axis=1)
    ordered = box.from_voc(ordered, item.corners) if origin == "voc" else ordered
    return np.where(swapped, ordered, boxes)


def _same_shape(one: tuple[int, int], other: tuple[int, int]) -> bool:
    return abs(one[0] / one[1] * other[1] / other[0] - 1) <= _SAME_SHAPE


def _repeated(item: Item, boxes: FloatArray) -> NDArray[np.bool_]:
    seen: set[tuple[object, ...]] = set()
    found = []
    for name, corners in zip(item.names, boxes.tolist(), strict=True):
        found.append((name, *corners) in seen)
        seen.add((name, *corners))
    return np.array(found, bool)


def check_objects_left(before: int, after: int, source: object) -> None:
    """Raises: ValueError where data had objects and its copy would have none."""
    if before and not after:
        raise ValueError(
            f"--fix must find an object that can be kept in {source}, got none of {before}; "
            "see what check-data says of them, and mend what it names"
        )


UNUSABLE = "images left out: annotation missing or broken"


BAD_OBJECTS = "objects left out: no numbers, no class or no image"


RENAMED = "objects whose class was written with other capitals or spaces"


RENUMBERED = "annotations renumbered"
