"""PASCAL VOC average precision as the devkit computes it, for any set of IoU thresholds.

Boxes are matched once (`match_voc`); every metric is then arithmetic on the verdicts.
Source: Everingham et al. 2010, section 4.2; VOCevaldet.m and VOCap.m of the VOC devkit.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from resdet.boxes import paired_iou
from resdet.evaluation.table import (
    DetectionTable,
    Float64Array,
    join_columns,
    number_ids,
    unknown_ids,
)
from resdet.structures import (
    BoolArray,
    Detections,
    GroundTruth,
    ImageId,
    ImageRecord,
    Int64Array,
)

Metric = Literal["11point", "area"]
IouRule = Literal["ge", "gt"]

TRUE_POSITIVE, IGNORED, FALSE_POSITIVE = 1, 0, -1
_PAIRS_AT_ONCE = 1_000_000  # pairs of boxes compared at once: bounds the memory


@dataclass(frozen=True)
class VocResult:
    """AP by class and threshold, with the conventions that made it; None: class without objects.

    Unit: fractions; `mAP` and each class map a threshold ("0.50") to its AP.
    """

    mAP: dict[str, float | None]
    per_class: dict[str, dict[str, float | None]]
    metric: Metric
    iou_rule: IouRule
    num_images: int
    num_detections: int
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """The JSON of an evaluation."""
        return dict(vars(self))


@dataclass(frozen=True)
class VocMatches:
    """What became of every detection at every threshold; rows by class, then by falling score.

    Shape: images, labels, scores (N,); verdicts (T, N) of TRUE_POSITIVE, IGNORED or
    FALSE_POSITIVE; num_positives (K,), the objects of each class that are not difficult.
    """

    class_names: tuple[str, ...]
    thresholds: tuple[float, ...]
    iou_rule: IouRule
    image_ids: tuple[ImageId, ...]
    images: Int64Array
    labels: Int64Array
    scores: Float64Array
    verdicts: NDArray[np.int8]
    num_positives: Int64Array
    seconds: float

    def score(self, metric: Metric) -> VocResult:
        """AP of every class and its mean over the classes that have objects."""
        if metric not in ("11point", "area"):
            raise ValueError(f"metric must be 11point or area, got {metric!r}")
        start = time.perf_counter()
        bounds = np.searchsorted(self.labels, np.arange(len(self.class_names) + 1))
        keys = [threshold_key(t) for t in self.thresholds]
        per_class: dict[str, dict[str, float | None]] = {}
        for label, name in enumerate(self.class_names):
            verdicts = self.verdicts[:, bounds[label] : bounds[label + 1]]
            positives = int(self.num_positives[label])
            per_class[name] = {
                key: average_precision(row[row != IGNORED] == TRUE_POSITIVE, positives, metric)
                for key, row in zip(keys, verdicts)
            }
        return VocResult(
            mAP={key: _mean(aps[key] for aps in per_class.values()) for key in keys},
            per_class=per_class,
            metric=metric,
            iou_rule=self.iou_rule,
            num_images=len(self.image_ids),
            num_detections=len(self.labels),
            seconds=self.seconds + time.perf_counter() - start,
        )


def evaluate_voc(
    ground_truth: Mapping[ImageId, GroundTruth],
    detections: Sequence[Detections] | DetectionTable,
    class_names: Sequence[str],
    *,
    thresholds: Sequence[float] = (0.5,),
    metric: Metric = "area",
    iou_rule: IouRule = "ge",
) -> VocResult:
    """VOC AP of all classes; for several metrics call `match_voc` once and `score` for each.

    Raises: ValueError for unknown image ids, labels outside [0, K) or a wrong argument.
    """
    matches = match_voc(
        ground_truth, detections, class_names, thresholds=thresholds, iou_rule=iou_rule
    )
    return matches.score(metric)


def match_voc(
    ground_truth: Mapping[ImageId, GroundTruth],
    detections: Sequence[Detections] | DetectionTable,
    class_names: Sequence[str],
    *,
    thresholds: Sequence[float] = (0.5,),
    iou_rule: IouRule = "ge",
) -> VocMatches:
    """Judge every detection as the devkit does.

    Detections of a class, by falling score (equal scores in reading order), are each compared
    with the object of their class and image that they overlap most, taken or not. An overlap
    of at least t ("ge", the devkit) or above t ("gt", detectron2) with a difficult object or
    a crowd is ignored; the first on any other object is a true positive; all else is false.

    Raises: ValueError for unknown image ids, labels outside [0, K) or a wrong argument.
    """
    start = time.perf_counter()
    _check_rules(thresholds, iou_rule)
    table = detections
    if not isinstance(table, DetectionTable):
        table = DetectionTable.of(table)
    truth = _Truth(ground_truth, len(class_names))
    images = _image_numbers(table, truth.image_ids)
    _check_labels(table.labels, len(class_names), "labels of the detections")

    order = np.lexsort((-table.scores, table.labels))  # stable: equal scores keep their order
    images, labels = images[order], table.labels[order]
    overlap, best = truth.best_overlaps(images, labels, table.boxes[order])
    return VocMatches(
        class_names=tuple(class_names),
        thresholds=tuple(thresholds),
        iou_rule=iou_rule,
        image_ids=truth.image_ids,
        images=images,
        labels=labels,
        scores=table.scores[order],
        verdicts=np.stack([truth.verdicts(overlap, best, t, iou_rule) for t in thresholds]),
        num_positives=np.bincount(truth.labels[~truth.ignore], minlength=len(class_names)),
        seconds=time.perf_counter() - start,
    )


def average_precision(hits: BoolArray, num_positives: int, metric: Metric) -> float | None:
    """AP of one class; None where there is nothing to find.

    Recall is never divided: recall >= k/10 is asked as 10 * TP >= k * positives in integers,
    so that 3 of 10 reaches 0.3, which a loop over np.arange(0, 1.1, 0.1) misses.

    Shape: hits (N,), True for a true positive, by falling score, ignored ones left out.
    Deviation: the devkit's code and detectron2 compare with floats near k/10, so that rounding
    decides where recall is k/10, and each such point moves their AP of the class by up to 1/11.
    Here it counts as reached: the devkit's text asks for the eleven recalls themselves.
    """
    if num_positives == 0:
        return None
    found = np.cumsum(hits)
    precision = found / np.arange(1, len(hits) + 1)
    envelope = np.maximum.accumulate(precision[::-1])[::-1]  # best precision from here on
    if metric == "area":  # each true positive adds 1 / positives to the recall
        return float(envelope[hits].sum() / num_positives)
    first = np.searchsorted(10 * found, np.arange(11) * num_positives)
    return float(np.append(envelope, 0.0)[first].mean())


def ground_truth_by_id(records: Iterable[ImageRecord]) -> dict[ImageId, GroundTruth]:
    """The ground truth of each record.

    Raises: ValueError if an image has none: it could not be told from an empty image.
    """
    truth: dict[ImageId, GroundTruth] = {}
    for record in records:
        if record.ground_truth is None:
            raise ValueError(
                f"ground truth must be known to score, got none for image {record.image_id!r} "
                f"({record.path}); choose a split that has annotations"
            )
        truth[record.image_id] = record.ground_truth
    return truth


def threshold_key(threshold: float) -> str:
    """0.5 -> "0.50"; more digits only where two would not name it."""
    key = f"{threshold:.2f}"
    return key if float(key) == threshold else repr(float(threshold))


class _Truth:
    """The objects of all images as columns, sorted by image and class; order kept within."""

    def __init__(self, ground_truth: Mapping[ImageId, GroundTruth], num_classes: int) -> None:
        self.image_ids = tuple(ground_truth)
        self.num_classes = num_classes
        parts = list(ground_truth.values())
        labels = join_columns((part.labels for part in parts), np.int64)
        _check_labels(labels, num_classes, "labels of the ground truth")
        images = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
        order = np.argsort(self._keys(images, labels), kind="stable")
        self.keys = self._keys(images, labels)[order]
        self.labels = labels[order]
        self.boxes = join_columns((part.boxes for part in parts), np.float64, 4)[order]
        ignore = (np.logical_or(part.difficult, part.crowd) for part in parts)
        self.ignore = join_columns(ignore, np.bool_)[order]

    def _keys(self, images: Int64Array, labels: Int64Array) -> Int64Array:
        return images * self.num_classes + labels

    def best_overlaps(
        self, images: Int64Array, labels: Int64Array, boxes: Float64Array
    ) -> tuple[Float64Array, Int64Array]:
        """The highest IoU of each detection and the row of that object, the first of equals.

        Shape: (N,), (N,), (N, 4) -> (N,), (N,); IoU -1 where the image has no such object.
        """
        keys = self._keys(images, labels)
        first = np.searchsorted(self.keys, keys, "left")
        count = np.searchsorted(self.keys, keys, "right") - first
        overlap, best = np.full(len(keys), -1.0), np.zeros(len(keys), np.int64)
        rows = np.flatnonzero(count)
        ends = np.cumsum(count[rows])
        marks = np.arange(_PAIRS_AT_ONCE, ends[-1] if len(ends) else 0, _PAIRS_AT_ONCE)
        for part in np.split(rows, np.unique(np.searchsorted(ends, marks))):
            if not len(part):
                continue
            n = count[part]
            starts = np.cumsum(n) - n
            objects = np.arange(n.sum()) + np.repeat(first[part] - starts, n)
            iou = paired_iou(boxes[np.repeat(part, n)], self.boxes[objects])
            overlap[part] = np.maximum.reduceat(iou, starts)
            at_best = np.where(iou == np.repeat(overlap[part], n), objects, len(self.keys))
            best[part] = np.minimum.reduceat(at_best, starts)
        return overlap, best

    def verdicts(
        self, overlap: Float64Array, best: Int64Array, threshold: float, rule: IouRule
    ) -> NDArray[np.int8]:
        """(N,) detections by falling score -> (N,) verdicts."""
        hit = overlap >= threshold if rule == "ge" else overlap > threshold
        verdicts = np.full(len(hit), FALSE_POSITIVE, np.int8)
        if not len(self.keys):
            return verdicts
        ignored = self.ignore[best]
        verdicts[hit & ignored] = IGNORED
        claims = np.flatnonzero(hit & ~ignored)
        _, first = np.unique(best[claims], return_index=True)
        verdicts[claims[first]] = TRUE_POSITIVE
        return verdicts


def _image_numbers(table: DetectionTable, known: Sequence[ImageId]) -> Int64Array:
    numbers = number_ids(known)
    unknown = [image_id for image_id in table.image_ids if image_id not in numbers]
    if unknown:
        raise ValueError(unknown_ids(unknown, known))
    translate = np.array([numbers[image_id] for image_id in table.image_ids], np.int64)
    return translate[table.images]


def _check_rules(thresholds: Sequence[float], iou_rule: str) -> None:
    if not len(thresholds) or not all(0 < t <= 1 for t in thresholds):
        raise ValueError(f"thresholds must be in (0, 1], got {list(thresholds)}")
    if iou_rule not in ("ge", "gt"):
        raise ValueError(f"iou_rule must be ge or gt, got {iou_rule!r}")


def _check_labels(labels: Int64Array, num_classes: int, what: str) -> None:
    outside = labels[(labels < 0) | (labels >= num_classes)]
    if len(outside):
        raise ValueError(
            f"{what} must be in [0, {num_classes}), got {np.unique(outside)[:5].tolist()}; "
            "check that the class names are those of the data"
        )


def _mean(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known else None
