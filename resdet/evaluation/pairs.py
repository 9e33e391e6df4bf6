"""Every detection with every object of the same image, or of the same image and class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from resdet.structures.boxes import FloatArray
from resdet.structures.records import Int64Array

_PAIRS_AT_ONCE = 1 << 17  # bounds the memory, to what a processor's cache holds


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
    known, begins, many = np.unique(right[order], return_index=True, return_counts=True)
    place = np.minimum(np.searchsorted(known, left), len(known) - 1)
    rows = np.flatnonzero(known[place] == left)
    first, count = begins[place[rows]], many[place[rows]]
    ends = np.cumsum(count)
    marks = np.arange(_PAIRS_AT_ONCE, ends[-1] if len(ends) else 0, _PAIRS_AT_ONCE)
    cuts = np.unique(np.searchsorted(ends, marks))
    columns = None if boxes is None else tuple(np.ascontiguousarray(side.T) for side in boxes)
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
    kept = np.arange(len(block.left))
    for low, high in ((0, 2), (1, 3)):
        a, b = block.left[kept], block.right[kept]
        meets = np.minimum(left[high][a], right[high][b]) >= np.maximum(left[low][a], right[low][b])
        kept = kept[meets]
    return kept


def by_small_numbers(values: Int64Array) -> Int64Array:
    """The rows by rising value, equal ones as they come; few different values are counted."""
    small = values.astype(np.min_scalar_type(values.max(initial=0)))
    return np.argsort(small, kind="stable")
