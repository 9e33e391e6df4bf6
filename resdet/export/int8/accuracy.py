"""What int8 costs: mAP where there are objects, otherwise how far the detections agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from resdet.evaluation.average_precision import metric_title
from resdet.evaluation.coco.match import match_areas
from resdet.evaluation.coco.results import read_results, to_coco_results
from resdet.evaluation.coco.truth import coco_truth
from resdet.evaluation.comparison.bootstrap import (
    FEWEST_IMAGES,
    Interval,
    draw_weights,
    interval,
    resampled_ap,
)
from resdet.evaluation.detection_table import DetectionTable, Float64Array
from resdet.evaluation.matches import Matches
from resdet.evaluation.measures import Measure
from resdet.evaluation.voc.score import ground_truth_by_id, match_voc
from resdet.structures import boxes as box_ops
from resdet.structures.records import Dataset, Detections, ImageId

RESAMPLES = 1000
SURE = 0.5  # a score from which on detections are to agree
OVERLAP, SCORES_APART = 0.5, 0.1  # at least, at most, of two that do
LEAST_AGREEING = 0.9


Images = Sequence[tuple[ImageId, Path]]


class Verdict(Protocol):
    """What int8 costs, in words; `too_much`: more than it may."""

    @property
    def too_much(self) -> bool:
        """Whether it may not be written."""

    def to_dict(self) -> dict[str, Any]:
        """The numbers, for the file."""


class Judge(Protocol):
    """Who is shown what both find in the `images`."""

    images: Images

    def __call__(self, plain: Sequence[Detections], quantised: Sequence[Detections]) -> Verdict:
        """Shape: detections image by image."""


@dataclass(frozen=True)
class Loss:
    """The mean AP of both, and the most that may be lost. Unit: fractions."""

    measure: str
    data: str
    num_images: int
    plain: float
    quantised: float
    interval: Interval | None
    limit: float

    @property
    def too_much(self) -> bool:
        """Whether more is lost than may be."""
        return not self.plain - self.quantised <= self.limit

    def __str__(self) -> str:
        known = self.interval
        sure = f" ({100 * known.low:+.2f} to {100 * known.high:+.2f})" if known else ""
        return (
            f"{self.measure} {100 * self.plain:.2f} in float, {100 * self.quantised:.2f} in int8: "
            f"{100 * (self.quantised - self.plain):+.2f}{sure}"
        )

    def to_dict(self) -> dict[str, Any]:
        """The numbers, for the file."""
        return asdict(self)


class ByObjects:
    """A judge who knows the objects: data of VOC's form or COCO's.

    Raises: ValueError if its classes are not the detector's, or objects are not known.
    """

    def __init__(self, dataset: Dataset, class_names: Sequence[str], limit: float) -> None:
        self.images: Images = [(record.image_id, record.path) for record in dataset.records]
        self._dataset, self._class_names, self._limit = dataset, class_names, limit
        voc = Measure(f"mAP@.5, {metric_title(dataset.metric)}", dataset.metric, threshold="0.50")
        self._measure = voc if dataset.kind == "voc" else Measure("AP", "101point")
        self._truth = coco_truth(dataset) if dataset.kind == "coco" else None
        self._matches([])  # raises now, not after the work

    def __call__(self, plain: Sequence[Detections], quantised: Sequence[Detections]) -> Loss:
        """Every resample draws the same images for both."""
        sides = [self._matches(found) for found in (plain, quantised)]
        before, after = (self._resampled(side) for side in sides)
        truth = sides[0].truth
        enough = len(np.unique(truth.images[~truth.ignored])) >= FEWEST_IMAGES
        gains = after - before
        return Loss(
            self._measure.name,
            self._dataset.name,
            len(self.images),
            float(before[0]),
            float(after[0]),
            interval(float(gains[0]), gains[1:]) if enough else None,
            self._limit,
        )

    def _matches(self, found: Sequence[Detections]) -> Matches:
        dataset = self._dataset
        table = DetectionTable.of(found).for_classes(self._class_names, dataset.class_names)
        if self._truth is None:
            return match_voc(ground_truth_by_id(dataset.records), table, dataset.class_names)
        entries = to_coco_results(table.per_image(), dataset.category_ids)
        return match_areas(self._truth, read_results(entries)).matches

    def _resampled(self, matches: Matches) -> Float64Array:
        """(1 + RESAMPLES,) the measure on the images as they are, then drawn anew."""
        number, metric = len(matches.image_ids), str(self._measure.metric)
        weights = [np.ones((1, number), np.int32), draw_weights(number, RESAMPLES, 0)]
        aps = resampled_ap(matches, np.concatenate(weights), [metric])[metric]
        return self._measure.of(aps, matches.keys)


@dataclass(frozen=True)
class Agreement:
    """How many detections that either is sure of the other has too."""

    num_images: int
    detections: int
    agreeing: int

    @property
    def too_much(self) -> bool:
        """Whether too few agree."""
        return self.agreeing < LEAST_AGREEING * self.detections

    def __str__(self) -> str:
        share = self.agreeing / max(self.detections, 1)
        return (
            f"no objects are known, so no mAP: of {self.detections:,} detections scored {SURE:g} "
            f"and more, in float or in int8, {share:.1%} agree"
        )

    def to_dict(self) -> dict[str, Any]:
        """The numbers, for the file."""
        return asdict(self)


class ByAgreement:
    """A judge who knows no objects: a detection agrees with one of its class that lies there."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self.images: Images = [(str(path), path) for path in paths]

    def __call__(self, plain: Sequence[Detections], quantised: Sequence[Detections]) -> Agreement:
        """Raises: ValueError where neither is sure of anything."""
        both = [*zip(plain, quantised), *zip(quantised, plain)]
        agreeing = np.concatenate([_agreeing(one, other) for one, other in both])
        if not len(agreeing):
            raise ValueError(
                f"--calibrate must show what the detector finds, got no detection scored {SURE:g} "
                "in its images; give images as it will see them, or --data"
            )
        return Agreement(len(self.images), len(agreeing), int(agreeing.sum()))


def _agreeing(found: Detections, other: Detections) -> Any:
    """For each detection that is sure whether the other set has it."""
    sure = found.scores >= SURE
    overlap = box_ops.iou(found.boxes[sure], other.boxes) >= OVERLAP
    near = np.abs(found.scores[sure, None] - other.scores) <= SCORES_APART
    return (overlap & near & (found.labels[sure, None] == other.labels)).any(axis=1)
