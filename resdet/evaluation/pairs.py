"""Every detection with every object of the same image, or of the same image and class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from resdet.structures.boxes import FloatArray, paired_iou
from resdet.structures.records import Int64Array

_PAIRS_AT_ONCE = 1 << 17  # bounds the memory, to what a processor's cache holds
_ROWS_AT_ONCE = 1 << 16
_LOWEST = -(1 << 62)


@dataclass(frozen=True)
class Pairs:
    """A block of pairs, all those of a left row side by side.

    Shape: rows and starts (R,), the left rows and the first pair of each; left and right (P,),
    the two rows of each pair.
    """

    rows: Int64Array
    starts: Int64Array
    left: Int64Array
    right: Int64Array

    def best(self, values: FloatArray, last: bool = False) -> tuple[FloatArray, Int64Array]:
        """The highest of the P values for each row, and its right row, first or last of equals."""
        highest = np.maximum.reduceat(values, self.starts)
        count = np.diff(self.starts, append=len(values))
        at_best = values == np.repeat(highest, count)
        if last:
            places = np.where(at_best, np.arange(len(values)), -1)
            return highest, self.right[np.maximum.reduceat(places, self.starts)]
        places = np.where(at_best, np.arange(len(values)), len(values))
        return highest, self.right[np.minimum.reduceat(places, self.starts)]


def pairs(left: Int64Array, right: Int64Array) -> Iterator[Pairs]:
    """Every row of `left` with every row of `right` that has the same key, in blocks.

    Left rows without a partner come in no block; right rows keep their order.
    Shape: left (N,), right (M,), keys.
    """
    if not len(right):
        return
    order = np.argsort(right, kind="stable")
    begins = starts_of_runs(right[order])
    many = np.diff(begins, append=len(right))
    place = places_among(left, right[order[begins]])
    rows = np.flatnonzero(place >= 0)
    first, count = begins[place[rows]], many[place[rows]]
    ends = np.cumsum(count)
    marks = np.arange(_PAIRS_AT_ONCE, ends[-1] if len(ends) else 0, _PAIRS_AT_ONCE)
    cuts = np.searchsorted(ends, marks)
    cuts = cuts[starts_of_runs(cuts)]
    for block in map(slice, [0, *cuts], [*cuts, len(rows)]):
        n = count[block]
        if not len(n):
            continue
        starts = np.cumsum(n) - n
        partners = order[np.arange(n.sum()) + np.repeat(first[block] - starts, n)]
        yield Pairs(rows[block], starts, np.repeat(rows[block], n), partners)


def overlapping(
    left: Int64Array, right: Int64Array, boxes: tuple[FloatArray, FloatArray], least: float
) -> Iterator[tuple[Int64Array, Int64Array, FloatArray]]:
    """Left rows, right rows of the same key and their IoU of `least`, above 0, or more, in blocks.

    A left row is in a block once at most, and meets its right rows in their order.
    Shape: left (N,), right (M,), keys from 0; boxes of both, xyxy, (N, 4), (M, 4).
    """
    num_keys = 1 + max(left.max(initial=-1), right.max(initial=-1))
    count = np.bincount(right, minlength=num_keys)
    keys = np.argsort(-count, kind="stable")  # those of most right rows first
    rows, partners = by_small_numbers(np.argsort(keys)[left]), by_small_numbers(right)
    many = np.bincount(left, minlength=num_keys)[keys]
    first, count = (np.cumsum(count) - count)[keys], count[keys]
    ours, theirs = (
        np.ascontiguousarray(np.take(side, order, axis=0).T)
        for side, order in zip(boxes, (rows, partners))
    )
    ends = np.cumsum(many)
    cuts = np.searchsorted(ends, np.arange(_ROWS_AT_ONCE, len(rows), _ROWS_AT_ONCE))
    for begin, end in pairwise(sorted({0, *cuts.tolist(), num_keys})):
        start = ends[begin] - many[begin]
        for turn in range(count[begin]):
            block = slice(begin, begin + np.count_nonzero(count[begin:end] > turn))
            place, times = first[block] + turn, many[block]
            a = ours[:, start : start + times.sum()]
            b = np.repeat(theirs[:, place], times, axis=1)
            meet = np.minimum(a[2:], b[2:]) >= np.maximum(a[:2], b[:2])
            near = np.flatnonzero(meet[0] & meet[1])
            iou = paired_iou(np.take(a, near, axis=1).T, np.take(b, near, axis=1).T)
            near, iou = near[iou >= least], iou[iou >= least]
            yield rows[start + near], partners[np.repeat(place, times)[near]], iou


def by_small_numbers(values: Int64Array) -> Int64Array:
    """The rows by rising value, equal ones as they come; few different values are counted."""
    small = values.astype(np.min_scalar_type(values.max(initial=0)))
    return np.argsort(small, kind="stable")


def by_falling(values: FloatArray) -> Int64Array:
    """The rows by falling value, equal ones as they come; no value is NaN.

    Their bits are sorted by 16 after the other, in a third of the time of comparing them.
    """
    with np.errstate(over="ignore"):
        short = values.astype(np.float32)  # which hold what a network tells
    exact = short if (short == values).all() else values.astype(np.float64)
    bits = (exact + 0).view(f"i{exact.itemsize}")  # -0.0 is 0.0
    keys = np.where(bits < 0, bits, bits ^ np.iinfo(bits.dtype).max)
    rows = np.arange(len(keys))
    for place in range(0, 8 * keys.itemsize, 16):
        digits = (keys >> place).astype(np.uint16)
        rows = rows[np.argsort(digits[rows], kind="stable")]
    return rows


def starts_of_runs(values: NDArray[np.integer]) -> Int64Array:
    """Where a run of equal values begins."""
    return np.flatnonzero(np.diff(values, prepend=values[:1] - 1))


def places_among(values: Int64Array, known: Int64Array) -> Int64Array:
    """(N,) the place of each value among the rising (K,) known ones, -1 where it is none."""
    if not len(known):
        return np.full(len(values), -1)
    low, high = int(known[0]) - 1, int(known[-1]) + 1
    if high - low > 4 * len(values) or low < _LOWEST or high > -_LOWEST:
        places = np.minimum(np.searchsorted(known, values), len(known) - 1)
        return np.where(known[places] == values, places, -1)
    table = np.full(high - low + 1, -1)  # faster than to search
    table[known - low] = np.arange(len(known))
    return table[np.clip(values, low, high) - low]
