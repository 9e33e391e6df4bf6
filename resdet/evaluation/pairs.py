"""Every detection with every object of the same image, or of the same image and class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resdet.structures.boxes import FloatArray, paired_iou
from resdet.structures.records import BoolArray, Int64Array

_PAIRS_AT_ONCE = 1 << 17  # bounds the memory, to what a processor's cache holds
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

    def kept(self, places: Int64Array) -> Pairs:
        """Some of the pairs, in their order."""
        left = self.left[places]
        starts = np.flatnonzero(np.diff(left, prepend=-1))
        return Pairs(left[starts], starts, left, self.right[places])

    def overlaps(self, left: FloatArray, right: FloatArray) -> FloatArray:
        """(P,) IoU, from the boxes of both sides, (N, 4) and (M, 4)."""
        return paired_iou(np.take(left, self.left, axis=0), np.take(right, self.right, axis=0))

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


def pairs(
    left: Int64Array, right: Int64Array, boxes: tuple[FloatArray, FloatArray] | None = None
) -> Iterator[Pairs]:
    """Every row of `left` with every row of `right` that has the same key, in blocks.

    Left rows without a partner come in no block; right rows keep their order. `boxes`: of both
    sides, xyxy; pairs of boxes that are apart are left out.
    Shape: left (N,), right (M,), keys; boxes (N, 4), (M, 4).
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
    columns = None if boxes is None else [np.ascontiguousarray(side.T) for side in boxes]
    for block in map(slice, [0, *cuts], [*cuts, len(rows)]):
        n = count[block]
        if not len(n):
            continue
        starts = np.cumsum(n) - n
        partners = order[np.arange(n.sum()) + np.repeat(first[block] - starts, n)]
        found = Pairs(rows[block], starts, np.repeat(rows[block], n), partners)
        if columns is not None:
            found = found.kept(_touching(found, *columns))
        if len(found.rows):
            yield found


def _touching(block: Pairs, left: FloatArray, right: FloatArray) -> Int64Array:
    """The places of the pairs whose boxes are not apart; left and right (4, N), (4, M)."""
    a, b = block.left, block.right
    kept = np.flatnonzero(_meet(a, b, left[::2], right[::2]))
    return kept[_meet(a[kept], b[kept], left[1::2], right[1::2])]


def _meet(a: Int64Array, b: Int64Array, left: FloatArray, right: FloatArray) -> BoolArray:
    """(P,) whether the ends of rows `a` and `b` are not apart, of (2, N) and (2, M)."""
    lower = np.maximum(left[0][a], right[0][b])
    return np.minimum(left[1][a], right[1][b]) >= lower


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
