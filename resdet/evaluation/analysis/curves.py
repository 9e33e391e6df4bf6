"""Precision against recall of each class, and the score at which F1 is highest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from resdet.evaluation.average_precision import HUNDRED_AND_ONE
from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.matches import IGNORED, TRUE_POSITIVE, Matches
from resdet.evaluation.pairs import by_falling
from resdet.evaluation.ranking import Ranking
from resdet.structures.records import BoolArray, Int64Array


@dataclass(frozen=True)
class Curve:
    """Detections of one class by falling score, ignored ones left out.

    Shape: scores and found (N,); `found` counts the true positives up to each row.
    """

    scores: Float64Array
    found: Int64Array
    num_positives: int

    @classmethod
    def of(cls, scores: Float64Array, hits: BoolArray, num_positives: int) -> Curve:
        """(N,) rows by falling score."""
        return cls(scores, np.cumsum(hits), num_positives)

    @property
    def precision(self) -> Float64Array:
        """(N,)."""
        return self.found / np.arange(1, len(self.found) + 1)

    @property
    def recall(self) -> Float64Array:
        """(N,); NaN without objects."""
        return self.found / (self.num_positives or np.nan)

    def at_recalls(self) -> Float64Array:
        """(101,) the best precision at recall 0, 0.01, ..., 1 or beyond; 0 where none reaches."""
        hits = np.diff(self.found, prepend=0) > 0
        return Ranking.of(hits, self.num_positives).precision_at(HUNDRED_AND_ONE)

    def best_f1(self) -> dict[str, float | None]:
        """The score to cut at for the highest F1, the highest of equals; None without objects.

        The cut keeps all detections of at least that score, so it never parts equal scores. F1
        is TP / mean(detections, objects); it is 0, and no cut is the best, where none is right.
        """
        if not self.num_positives:
            return dict.fromkeys(("score", "precision", "recall", "f1"))
        last = np.flatnonzero(np.diff(self.scores, append=-np.inf))
        f1 = 2 * self.found[last] / (last + 1 + self.num_positives)
        if not f1.any():
            return {"score": None, "precision": None, "recall": 0.0, "f1": 0.0}
        best = int(f1.argmax())
        row = last[best]
        return {
            "score": float(self.scores[row]),
            "precision": float(self.precision[row]),
            "recall": float(self.recall[row]),
            "f1": float(f1[best]),
        }


def class_curves(matches: Matches) -> dict[str, Curve]:
    """The curve of every class at the first threshold."""
    positives, verdicts = matches.num_positives.tolist(), matches.verdicts[0]
    curves = {}
    for label, rows in matches.rows_of_classes():
        counted = verdicts[rows] != IGNORED
        hits = (verdicts[rows] == TRUE_POSITIVE)[counted]
        curves[matches.class_names[label]] = Curve.of(
            matches.scores[rows][counted], hits, positives[label]
        )
    return curves


def pooled_curve(matches: Matches) -> Curve:
    """All classes as if they were one: every detection and every object counts alike."""
    counted = np.flatnonzero(matches.verdicts[0] != IGNORED)
    order = counted[by_falling(matches.scores[counted])]
    hits = matches.verdicts[0, order] == TRUE_POSITIVE
    return Curve.of(matches.scores[order], hits, int(matches.num_positives.sum()))


def curves_json(curves: Mapping[str, Curve]) -> dict[str, Any]:
    """Precision at 101 recalls, to six decimals: each class that has objects, and their mean."""
    known = {name: curve.at_recalls() for name, curve in curves.items() if curve.num_positives}
    mean = np.mean(list(known.values()), axis=0) if known else None
    return {
        "recall": HUNDRED_AND_ONE.round(2).tolist(),
        "mean": None if mean is None else mean.round(6).tolist(),
        "per_class": {
            name: known[name].round(6).tolist() if name in known else None for name in curves
        },
    }
