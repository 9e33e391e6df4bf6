"""Average precision of a data set resampled by images, without matching a box again.

An image drawn w times puts each of its detections w times into the ranking, one behind the
other, and each of its objects w times among those to find. What became of a detection does not
change with that, so a resample is a cumulative sum of weights over rows matched once.
Source: Efron and Tibshirani 1993, chapters 6 and 16.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resdet.evaluation.average_precision import grid, ranking_ap
from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.matches import IGNORED, TRUE_POSITIVE, Matches
from resdet.evaluation.ranking import Ranking, Recall
from resdet.structures.records import Int64Array

AT_ONCE = ("11point", "area", "101point")  # metrics computed for all resamples together
Weights = NDArray[np.int32]

CONFIDENCE = 0.95
FEWEST_RESAMPLES = 100
MOST_RESAMPLES = 100_000  # of 5,000 images: 2 GB of weights
FEWEST_IMAGES = 10  # with objects of a class; on 5 images the interval held in 80 % for 95 %
_CELLS_AT_ONCE = 4_000_000  # resamples x rows in one block: bounds the memory


def draw_weights(num_images: int, resamples: int, seed: int) -> Weights:
    """(R, I) how often each image was drawn; every resample draws as many as there are."""
    random = np.random.default_rng([seed, 0])
    each = np.full(num_images, 1 / max(num_images, 1))
    return random.multinomial(num_images, each, size=resamples).astype(np.int32)


def draw_training_noise(
    baseline: Sequence[float], other: Sequence[float], resamples: int, seed: int
) -> Float64Array:
    """(R,) noise of the gain between the means of two sides' runs; 0 where each has one run.

    Student's t with the spread of both sides pooled: training is taken to be as noisy on one
    side as on the other. Drawing runs anew would do for five of them, and is too narrow for two.
    """
    sides = [np.asarray(side, np.float64) for side in (baseline, other)]
    freedom = sum(len(side) - 1 for side in sides)
    if not freedom:
        return np.zeros(resamples)
    variance = sum(float(((side - side.mean()) ** 2).sum()) for side in sides) / freedom
    variance *= sum(1 / len(side) for side in sides)
    drawn = np.random.default_rng([seed, 1]).standard_t(freedom, resamples)
    return np.sqrt(variance) * drawn


@dataclass(frozen=True)
class Interval:
    """Where the true gain lies with 95 percent confidence, and how likely none would look so.

    `p_value` is two-sided, at least 1 / (resamples + 1), and under 0.05 where 0 is outside.
    """

    low: float
    high: float
    p_value: float


def interval(gain: float, resampled: Float64Array) -> Interval | None:
    """Gain -+ q, where 95 percent of the resampled gains are no further than q from the gain.

    p = (1 + those as far from the gain as the gain is from 0) / (1 + resamples). The symmetric
    interval, because the plain percentiles miss more on classes with few images and on the
    11-point metric, which jumps. Resamples without the class (NaN) are left out.

    Shape: resampled (R,); None where fewer than 100 are left.
    Source: Hall 1988 (symmetric bootstrap confidence intervals).
    """
    known = resampled[~np.isnan(resampled)]
    if len(known) < FEWEST_RESAMPLES:
        return None
    distance = np.sort(np.abs(known - gain))
    reach = distance[math.ceil(CONFIDENCE * (len(known) + 1)) - 1]
    as_far = len(known) - int(np.searchsorted(distance, abs(gain), side="left"))
    low, high = float(max(gain - reach, -1)), float(min(gain + reach, 1))  # as APs do
    return Interval(low, high, (1 + as_far) / (1 + len(known)))


def resampled_ap(
    matches: Matches,
    weights: Weights,
    metrics: Sequence[str],
    done: Callable[[], None] = lambda: None,
) -> dict[str, Float64Array]:
    """AP of every resample, class and threshold; equal to evaluating the resampled images.

    NaN where a resample holds no object of the class, unless the rules count such a class. Copies
    of a detection stand together. `done` is called after each class.

    Shape: weights (R, I) -> (R, K, T) by metric.
    """
    shape = (len(weights), len(matches.class_names), len(matches.thresholds))
    found = {metric: np.full(shape, np.nan) for metric in metrics}
    truth = matches.truth
    for label, rows in matches.rows_of_classes():
        required = truth.images[~truth.ignored & (truth.labels == label)]
        per_image = np.bincount(required, minlength=weights.shape[1])
        positives = weights @ per_image
        for metric, values in found.items():
            without = matches.ap_without_objects(rows.stop - rows.start, metric)
            values[positives == 0, label] = np.nan if without is None else without
        images, verdicts = matches.images[rows], matches.verdicts[:, rows]
        block = max(1, _CELLS_AT_ONCE // max(len(images), 1))
        for start in range(0, len(weights) if len(required) else 0, block):
            part = slice(start, start + block)
            counts = _Counts(weights[part], images, verdicts, positives[part])
            for metric, values in found.items():
                aps = counts.average_precisions(metric, matches.rules.recall)
                values[part, label] = np.where(np.isnan(aps), values[part, label], aps)
        done()
    return found


class _Counts:
    """Weighted counts at the true positives of one class: all that its AP depends on."""

    def __init__(
        self,
        weights: Weights,
        images: Int64Array,
        verdicts: NDArray[np.int8],
        positives: Int64Array,
    ) -> None:
        self.positives = positives
        hits = [np.flatnonzero(row == TRUE_POSITIVE) for row in verdicts]
        last = max((rows[-1] + 1 for rows in hits if len(rows)), default=0)
        weights_of_rows = weights[:, images[:last]]
        seen = np.cumsum(weights_of_rows, axis=1, dtype=np.int32)
        self.found: list[Weights] = []  # by threshold: (R, hits) true positives so far
        self.count: list[Weights] = []  # and detections so far, the ignored ones left out
        for row, rows in zip(verdicts, hits):
            count = seen[:, rows]
            ignored = np.flatnonzero(row[:last] == IGNORED)
            if len(ignored):
                excused = np.cumsum(weights_of_rows[:, ignored], axis=1, dtype=np.int32)
                excused = np.pad(excused, ((0, 0), (1, 0)))
                count -= excused[:, np.searchsorted(ignored, rows)]
            self.found.append(np.cumsum(weights_of_rows[:, rows], axis=1, dtype=np.int32))
            self.count.append(count)

    def average_precisions(self, metric: str, recall: Recall) -> Float64Array:
        """(R, T); NaN without an object.

        Ours are computed for all resamples at once, an added metric for one after the other.
        """
        values = np.empty((len(self.positives), len(self.found)))
        of_metric = self._own if metric in AT_ONCE else self._added
        for t, (found, count) in enumerate(zip(self.found, self.count)):
            values[:, t] = of_metric(found, count, metric, recall)
        values[self.positives == 0] = np.nan
        return values

    def _own(self, found: Weights, count: Weights, metric: str, recall: Recall) -> Float64Array:
        """(R,).

        The precision counts between one true positive and the next as the share of the recall,
        or of the asked points of recall, that is gained there.
        """
        positives = np.maximum(self.positives, 1)[:, None]
        precision = found / np.maximum(count, 1)
        envelope = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        gained = np.diff(_reached(found, positives, metric, recall), axis=1, prepend=0)
        points = positives[:, 0] if metric == "area" else len(grid(metric, recall))
        return np.asarray((gained * envelope).sum(axis=1) / points, np.float64)

    def _added(self, found: Weights, count: Weights, metric: str, recall: Recall) -> Float64Array:
        """(R,); a true positive that was not drawn is none."""
        drawn = np.diff(found, axis=1, prepend=0) > 0
        values = np.zeros(len(self.positives))
        for row in np.flatnonzero(self.positives):
            hits, positives = drawn[row], int(self.positives[row])
            ranking = Ranking(found[row, hits], count[row, hits], positives, recall)
            values[row] = ranking_ap(ranking, metric)
        return values


def _reached(
    found: Weights, positives: Int64Array, metric: str, recall: Recall
) -> NDArray[np.integer[Any]]:
    """How many objects, or asked points of recall, are reached at each true positive."""
    if metric == "area":
        return found
    return np.searchsorted(grid(metric, recall), found / positives, side="right")
