"""Anchors and the objects they are to find: how well they fit, and which fit best.

An anchor stands at every place of its level's grid, so how well it fits an object depends on the
place too: a large stride leaves a small object between two places.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from resdet.data.taking_part import objects_to_learn
from resdet.structures.boxes import paired_iou
from resdet.structures.records import ImageRecord, Int64Array

Float64Array = NDArray[np.float64]

MATCHED = 0.5  # IoU of the best anchor under which an object is hardly learnt
WELL_MATCHED = 0.7  # at which an anchor counts as an object. Source: Ren et al. 2015, section 3.1.2
_MOST = 4000  # objects that are fitted to; more do not move the result
_FACTORS = (0.67, 0.8, 0.9, 0.96, 1.04, 1.1, 1.25, 1.5)  # by which a size is moved
_ROUNDS = 12
_TAIL = 0.1  # of the objects, on each side, beyond the ratios that are chosen


@dataclass(frozen=True)
class Anchors:
    """Sizes and ratios (height / width) at each stride, as detectron2's anchor generator has them.

    Unit: pixels of the image as the network gets it.
    """

    strides: tuple[int, ...]
    sizes: tuple[tuple[float, ...], ...]
    ratios: tuple[tuple[float, ...], ...]

    def rises(self) -> bool:
        """Whether larger anchors stand on coarser levels."""
        sizes = [size for level in self.sizes for size in level]
        return sizes == sorted(sizes)

    def shapes(self) -> tuple[Float64Array, Float64Array]:
        """Shape: (A, 2) width and height of each, (A,) its stride."""
        rows, strides = [], []
        for stride, sizes, ratios in zip(self.strides, self.sizes, self.ratios, strict=True):
            for size in sizes:
                for ratio in ratios:
                    rows.append((size / ratio**0.5, size * ratio**0.5))
                    strides.append(stride)
        return np.array(rows, np.float64).reshape(-1, 2), np.array(strides, np.float64)


def boxes_at(
    records: Sequence[ImageRecord], shorter: int, longest: int, *, difficult: bool
) -> tuple[Float64Array, Int64Array]:
    """The objects that take part in training, resized as images are: boxes and labels.

    `difficult`: whether such ones do.
    Shape: (N, 4), (N,). Unit: pixels of images of `shorter` by at most `longest`.
    """
    found: list[Float64Array] = [np.zeros((0, 4))]
    named: list[Int64Array] = [np.zeros(0, np.int64)]
    for record in records:
        boxes, labels = objects_to_learn(record, difficult)
        if not len(boxes):
            continue
        sides = sorted((record.height, record.width))
        scale = min(shorter / sides[0], longest / sides[1])
        found.append(boxes.astype(np.float64) * scale)
        named.append(labels)
    return np.concatenate(found), np.concatenate(named)


def sides_of(boxes: Float64Array) -> Float64Array:
    """Roots of the areas. Shape: (N, 4) -> (N,)."""
    return np.asarray(np.sqrt((boxes[:, 2:] - boxes[:, :2]).prod(axis=1)))


def best_overlaps(boxes: Float64Array, anchors: Anchors) -> Float64Array:
    """IoU of each object with the anchor that fits it best, at the place of its grid.

    Shape: (N, 4) -> (N,).
    """
    shapes, strides = anchors.shapes()
    best = np.zeros(len(boxes))
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    for (width, height), stride in zip(shapes, strides):
        near = np.round(middles / stride) * stride
        half = np.array([width, height]) / 2
        best = np.maximum(best, paired_iou(np.concatenate([near - half, near + half], 1), boxes))
    return best


def fit(boxes: Float64Array, start: Anchors) -> Anchors:
    """As many anchors as `start` has, of the sizes and ratios that fit the objects best.

    Ratios are shares of the objects' own; each size is moved, one after the other, to where the
    mean overlap is largest, until none moves. They rise with the levels. No object: `start`.
    """
    if not len(boxes):
        return start
    chosen = boxes[np.linspace(0, len(boxes) - 1, min(len(boxes), _MOST)).astype(int)]
    sides = chosen[:, 2:] - chosen[:, :2]
    ratios = (_ratios(sides, len(start.ratios[0])),) * len(start.strides)
    tries = [
        _settled(chosen, replace(start, sizes=sizes, ratios=ratios))
        for sizes in (start.sizes, _spread(sides, start))
    ]
    return max(tries, key=lambda anchors: _mean_overlap(chosen, anchors))


def _ratios(sides: Float64Array, count: int) -> tuple[float, ...]:
    """Even steps of the logarithm between the objects' own, without the outermost."""
    logs = np.log(sides[:, 1] / sides[:, 0])
    if count == 1:
        return (_rounded(float(np.exp(np.median(logs)))),)
    low, high = np.quantile(logs, (_TAIL, 1 - _TAIL))
    return tuple(_rounded(float(np.exp(x))) for x in np.linspace(low, high, count))


def _spread(sides: Float64Array, start: Anchors) -> tuple[tuple[float, ...], ...]:
    """Sizes at even shares of the objects, rising from level to level."""
    count = sum(map(len, start.sizes))
    shares = (np.arange(count) + 0.5) / count
    sizes = iter(np.quantile(np.sqrt(sides.prod(axis=1)), shares).tolist())
    return tuple(tuple(max(round(next(sizes)), 1) for _ in level) for level in start.sizes)


def _settled(boxes: Float64Array, anchors: Anchors) -> Anchors:
    best, score = anchors, _mean_overlap(boxes, anchors)
    for _ in range(_ROUNDS):
        before = score
        for level, sizes in enumerate(best.sizes):
            for place, size in enumerate(sizes):
                for factor in _FACTORS:
                    tried = _with_size(best, level, place, max(round(size * factor), 1))
                    if not tried.rises():
                        continue
                    if (found := _mean_overlap(boxes, tried)) > score:
                        best, score = tried, found
        if score == before:
            break
    return best


def _with_size(anchors: Anchors, level: int, place: int, size: float) -> Anchors:
    sizes = [list(row) for row in anchors.sizes]
    sizes[level][place] = size
    return replace(anchors, sizes=tuple(map(tuple, sizes)))


def _mean_overlap(boxes: Float64Array, anchors: Anchors) -> float:
    return float(np.minimum(best_overlaps(boxes, anchors), WELL_MATCHED).mean())


def _rounded(ratio: float) -> float:
    return float(f"{ratio:.2g}")
