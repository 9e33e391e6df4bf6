"""Is the gain real? Models side by side on the same images, each gain with its uncertainty."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from resdet.evaluation.comparison.bootstrap import (
    CONFIDENCE,
    FEWEST_IMAGES,
    FEWEST_RESAMPLES,
    MOST_RESAMPLES,
    Weights,
    draw_training_noise,
    draw_weights,
    interval,
    resampled_ap,
)
from resdet.evaluation.comparison.sides import MeasuredRun, Side, matches_like
from resdet.evaluation.detection_table import Float64Array
from resdet.evaluation.matches import Objects
from resdet.evaluation.measures import Measure, check_alike, mean_if_all
from resdet.evaluation.record import matches_path

Progress = Callable[[int, int], None]
METHOD = (
    "paired bootstrap over images, symmetric 95 percent interval; p two-sided, "
    "(1 + resamples as far from the gain as it is from 0) / (1 + resamples); where a side has "
    "several runs, each resample adds training noise by Student's t of both sides' spread"
)


@dataclass(frozen=True)
class Row:
    """One measure of two models; None where it is undefined, or the uncertainty unknown.

    `gain` is other minus baseline; `low` and `high` bound it with 95 percent confidence. Where
    a side has several runs its value is their mean, and `*_runs` are they. `printed` is the name
    in tables; "": as in JSON.
    Unit: fractions.
    """

    name: str
    baseline: float | None
    other: float | None
    low: float | None = None
    high: float | None = None
    p_value: float | None = None
    baseline_runs: tuple[float | None, ...] = ()
    other_runs: tuple[float | None, ...] = ()
    detail: bool = False
    printed: str = ""

    @property
    def gain(self) -> float | None:
        """Other minus baseline; None where either is undefined."""
        if self.baseline is None or self.other is None:
            return None
        return self.other - self.baseline

    def to_dict(self) -> dict[str, Any]:
        """Row and gain for JSON."""
        fields = asdict(self)
        shown = ("detail", "printed")
        return {k: v for k, v in fields.items() if k not in shown} | {"gain": self.gain}


@dataclass(frozen=True)
class Comparison:
    """The baseline against each of the others; `why_no_interval` is "" where there is one."""

    baseline: Side
    others: tuple[Side, ...]
    rows: tuple[tuple[Row, ...], ...]
    resamples: int
    seed: int
    num_images: int
    why_no_interval: str = ""

    def to_dict(self) -> dict[str, Any]:
        """All numbers, and how they were made, for JSON."""
        made: dict[str, Any] | None = None
        if not self.why_no_interval:
            made = {"method": METHOD, "confidence": CONFIDENCE, "resamples": self.resamples}
            made |= {"seed": self.seed, "num_images": self.num_images}
            made |= {"fewest_images_with_objects": FEWEST_IMAGES}
        return {
            "baseline": self.baseline.to_dict(),
            "bootstrap": made,
            "why_no_interval": self.why_no_interval or None,
            "comparisons": [
                {"other": side.to_dict(), "rows": [row.to_dict() for row in rows]}
                for side, rows in zip(self.others, self.rows)
            ],
        }


def compare(
    baseline: Side,
    others: Sequence[Side],
    *,
    resamples: int = 1000,
    seed: int = 0,
    progress: Progress | None = None,
) -> Comparison:
    """Rows of every measure that the results hold, means first, with the interval of each gain.

    Every resample draws images, the same for all models and runs. Where a side has several
    runs the interval holds the noise of training too. 0 resamples: no interval. `progress` is
    called with (classes resampled, of all runs).

    Raises: ValueError listing how the conventions, images or objects of the results differ.
    """
    if resamples and not FEWEST_RESAMPLES <= resamples <= MOST_RESAMPLES:
        raise ValueError(
            f"resamples must be 0 or {FEWEST_RESAMPLES} to {MOST_RESAMPLES}, got {resamples}; "
            "fewer are too few for an interval, and more than 10000 hardly change it"
        )
    if seed < 0:
        raise ValueError(f"seed must be 0 or more, got {seed}")
    sides = (baseline, *others)
    check_alike([run.measured for side in sides for run in side.runs])
    why = _why_no_interval(sides, resamples)
    measures = list(baseline.runs[0].measured.values)
    rows = [[_row(measure, baseline, other) for measure in measures] for other in others]
    if not why:
        rows = _with_intervals(sides, rows, measures, resamples, seed, progress)
    num_images = int(baseline.runs[0].measured.conventions["num_images"])
    return Comparison(
        baseline, tuple(others), tuple(map(tuple, rows)), resamples, seed, num_images, why
    )


def _why_no_interval(sides: Sequence[Side], resamples: int) -> str:
    absent = [run.path for side in sides for run in side.runs if run.record is None]
    if absent and resamples:
        files = ", ".join(str(matches_path(path)) for path in absent)
        return f"the matches are not there: {files}; evaluate again with --json"
    return "" if resamples else "no resamples were asked for"


def _row(measure: Measure, baseline: Side, other: Side) -> Row:
    first, second = (
        tuple(run.measured.values[measure] for run in side.runs) for side in (baseline, other)
    )
    return Row(
        measure.key,
        mean_if_all(first),
        mean_if_all(second),
        baseline_runs=first,
        other_runs=second,
        detail=measure.detail,
        printed=measure.printed,
    )


def _with_intervals(
    sides: Sequence[Side],
    rows: Sequence[Sequence[Row]],
    measures: Sequence[Measure],
    resamples: int,
    seed: int,
    progress: Progress | None,
) -> list[list[Row]]:
    reference = sides[0].runs[0]
    first = matches_like(reference, reference)
    weights = draw_weights(len(first.image_ids), resamples, seed)
    total = sum(len(side.runs) for side in sides) * len(first.class_names)
    counted = itertools.count(1)

    def done() -> None:
        if progress is not None:
            progress(next(counted), total)

    resampled = [_resampled_side(side, reference, measures, weights, done) for side in sides]
    images = _images_with_objects(first.truth, len(first.class_names))
    return [
        [
            _with_interval(row, second[measure] - resampled[0][measure], seed)
            if measure.metric and images[measure.class_index] >= FEWEST_IMAGES
            else row
            for row, measure in zip(of_other, measures)
        ]
        for of_other, second in zip(rows, resampled[1:])
    ]


def _with_interval(row: Row, gains: Float64Array, seed: int) -> Row:
    """The row with the interval of its gain, over images and, of several runs, over training."""
    if row.gain is None:
        return row
    first, second = (
        [value for value in runs if value is not None]
        for runs in (row.baseline_runs, row.other_runs)
    )
    noise = draw_training_noise(first, second, len(gains), seed)
    found = interval(row.gain, gains + noise)
    if found is None:
        return row
    return replace(row, low=found.low, high=found.high, p_value=found.p_value)


def _resampled_side(
    side: Side,
    reference: MeasuredRun,
    measures: Sequence[Measure],
    weights: Weights,
    done: Callable[[], None],
) -> dict[Measure, Float64Array]:
    """(R,) by measure that matches hold: the mean of the side's runs."""
    pooled: dict[Measure, Float64Array] = {}
    metrics = list(dict.fromkeys(measure.metric for measure in measures if measure.metric))
    for run in side.runs:
        matches = matches_like(run, reference)
        aps = resampled_ap(matches, weights, metrics, done)
        for measure in measures:
            if measure.metric:
                value = measure.of(aps[measure.metric], matches.keys) / len(side.runs)
                pooled[measure] = pooled[measure] + value if measure in pooled else value
    return pooled


def _images_with_objects(truth: Objects, num_classes: int) -> dict[int | None, int]:
    """How many images hold an object to find: of each class, and (None) of any."""
    images, labels = truth.images[~truth.ignored], truth.labels[~truth.ignored]
    counts: dict[int | None, int] = {None: len(np.unique(images))}
    for label in range(num_classes):
        counts[label] = len(np.unique(images[labels == label]))
    return counts
