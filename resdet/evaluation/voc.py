"""PASCAL VOC average precision as the devkit computes it, for any set of IoU thresholds.

Boxes are matched once (`match_voc`); every metric is then arithmetic on the verdicts.
Source: Everingham et al. 2010, section 4.2; VOCevaldet.m and VOCap.m of the VOC devkit.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resdet.boxes import paired_iou
from resdet.evaluation.matches import (
    DEVKIT,
    FALSE_POSITIVE,
    IGNORED,
    TRUE_POSITIVE,
    IouRule,
    Matches,
    Objects,
    Rules,
    mean_average_precisions,
)
from resdet.evaluation.precision import Metric
from resdet.evaluation.table import (
    DetectionTable,
    Float64Array,
    join_columns,
    number_ids,
    unknown_ids,
)
from resdet.structures import Detections, GroundTruth, ImageId, ImageRecord, Int64Array

_PAIRS_AT_ONCE = 1_000_000  # pairs of boxes compared at once: bounds the memory


def evaluate_voc(
    ground_truth: Mapping[ImageId, GroundTruth],
    detections: Sequence[Detections] | DetectionTable,
    class_names: Sequence[str],
    *,
    thresholds: Sequence[float] = (0.5,),
    metric: Metric = "area",
    rules: Rules = DEVKIT,
) -> dict[str, Any]:
    """VOC AP of all classes; for several metrics call `match_voc` once and `score_voc` for each.

    Raises: ValueError for unknown image ids, labels outside [0, K) or a wrong argument.
    """
    start = time.perf_counter()
    matches = match_voc(ground_truth, detections, class_names, thresholds=thresholds, rules=rules)
    return {**score_voc(matches, metric), "seconds": time.perf_counter() - start}


def score_voc(matches: Matches, metric: Metric) -> dict[str, Any]:
    """AP by class and threshold with the conventions that made it, as the JSON holds it.

    `mAP` and each class of `per_class` map a threshold ("0.50") to its AP, a fraction; None: a
    class without objects. The mean is over the classes that have objects.
    Raises: ValueError for a metric that VOC does not have.
    """
    if metric not in ("11point", "area"):
        raise ValueError(f"metric must be 11point or area, got {metric!r}")
    per_class = matches.average_precisions(metric)
    return {
        "mAP": mean_average_precisions(per_class),
        "per_class": per_class,
        "metric": metric,
        **matches.rules.to_dict(),
        "num_images": len(matches.image_ids),
        "num_detections": len(matches),
    }


def match_voc(
    ground_truth: Mapping[ImageId, GroundTruth],
    detections: Sequence[Detections] | DetectionTable,
    class_names: Sequence[str],
    *,
    thresholds: Sequence[float] = (0.5,),
    rules: Rules = DEVKIT,
) -> Matches:
    """Judge every detection as the devkit does.

    Detections of a class, by falling score (equal scores in reading order), are each compared
    with the object of their class and image that they overlap most, taken or not. An overlap
    of at least t ("ge", the devkit) or above t ("gt", detectron2) with a difficult object or
    a crowd is ignored; the first on any other object is a true positive; all else is false.

    Raises: ValueError for unknown image ids, labels outside [0, K) or a wrong argument.
    """
    _check_rules(thresholds, rules)
    table = detections
    if not isinstance(table, DetectionTable):
        table = DetectionTable.of(table)
    truth = _Truth(ground_truth, len(class_names))
    images = _image_numbers(table, truth.image_ids)
    _check_labels(table.labels, len(class_names), "labels of the detections")

    order = np.lexsort((-table.scores, table.labels))  # stable: equal scores keep their order
    images, labels, boxes = images[order], table.labels[order], table.boxes[order]
    overlap, best = truth.best_overlaps(images, labels, boxes)
    verdicts = np.stack([truth.verdicts(overlap, best, t, rules.iou) for t in thresholds])
    return Matches(
        rules=rules,
        class_names=tuple(class_names),
        thresholds=tuple(thresholds),
        image_ids=truth.image_ids,
        images=images,
        labels=labels,
        scores=table.scores[order],
        boxes=boxes,
        verdicts=verdicts,
        objects=np.where(verdicts == FALSE_POSITIVE, -1, best).astype(np.int32),
        truth=truth.objects,
    )


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
        ignored = (np.logical_or(part.difficult, part.crowd) for part in parts)
        self.objects = Objects(
            images[order],
            labels[order],
            join_columns((part.boxes for part in parts), np.float64, 4)[order],
            join_columns(ignored, np.bool_)[order],
        )

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
            iou = paired_iou(boxes[np.repeat(part, n)], self.objects.boxes[objects])
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
        ignored = self.objects.ignored[best]
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


def _check_rules(thresholds: Sequence[float], rules: Rules) -> None:
    if not len(thresholds) or not all(0 < t <= 1 for t in thresholds):
        raise ValueError(f"thresholds must be in (0, 1], got {list(thresholds)}")
    if rules.iou not in ("ge", "gt"):
        raise ValueError(f"iou_rule must be ge or gt, got {rules.iou!r}")


def _check_labels(labels: Int64Array, num_classes: int, what: str) -> None:
    outside = labels[(labels < 0) | (labels >= num_classes)]
    if len(outside):
        raise ValueError(
            f"{what} must be in [0, {num_classes}), got {np.unique(outside)[:5].tolist()}; "
            "check that the class names are those of the data"
        )
