"""A class's detections by falling score, counted at each true positive: what its AP is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from resdet.evaluation.detection_table import Float64Array
from resdet.structures.records import BoolArray

Recall = Literal["tenths", "numpy", "matlab", "linspace", "hundredths", "float32", "trapezoid"]
FORMERLY: Mapping[str, Recall] = {"exact": "tenths", "float": "numpy"}  # in files written before


@dataclass(frozen=True)
class Ranking:
    """Counts up to each true positive of one class, the ignored detections left out.

    `positives` objects are to be found, at least one. `rule` names the recalls that a metric of
    points asks for, see `GRIDS`.
    Shape: found and seen (H,), the true positives and the detections so far; (0,) where nothing
    is found. `found` rises, in a resample of the images by more than one at once.
    """

    found: NDArray[Any]
    seen: NDArray[Any]
    positives: int
    rule: Recall = "tenths"

    @classmethod
    def of(cls, hits: BoolArray, positives: int, rule: Recall = "tenths") -> Ranking:
        """Of verdicts by falling score, True for a true positive."""
        rows = np.flatnonzero(hits)
        return cls(np.arange(1, len(rows) + 1), rows + 1, positives, rule)

    @property
    def recall(self) -> Float64Array:
        """(H,) the share of the objects that is found so far; rising."""
        return self.found / self.positives

    @property
    def precision(self) -> Float64Array:
        """(H,) the best share of true positives, here or further on; falling."""
        return np.maximum.accumulate((self.found / self.seen)[::-1])[::-1]

    def precision_at(self, recalls: Float64Array) -> Float64Array:
        """The precision where each recall is reached first; 0 where it never is."""
        return np.append(self.precision, 0.0)[np.searchsorted(self.recall, recalls)]
