"""Every detection with every object of the same image, or of the same image and class."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from resdet.structures.boxes import FloatArray
from resdet.structures.records import Int64Array

_PAIRS_AT_ONCE = 1_000_000  # bounds the memory


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
    order = np.argsort(right, kind="stable")
    first = np.searchsorted(right[order], left, "left")
    count = np.searchsorted(right[order], left, "right") - first
    rows = np.flatnonzero(count)
    ends = np.cumsum(count[rows])
    marks = np.arange(_PAIRS_AT_ONCE, ends[-1] if len(ends) else 0, _PAIRS_AT_ONCE)
    for block in np.split(rows, np.unique(np.searchsorted(ends, marks))):
        if not len(block):
            continue
        n = count[block]
        starts = np.cumsum(n) - n
        partners = order[np.arange(n.sum()) + np.repeat(first[block] - starts, n)]
        yield Pairs(block, starts, np.repeat(block, n), partners)
