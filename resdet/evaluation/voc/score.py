"""PASCAL VOC average precision as the devkit computes it, for any set of IoU thresholds.

Boxes are matched once (`match_voc`); every metric is then arithmetic on the verdicts.
Source: Everingham et al. 2010, section 4.2; VOCevaldet.m and VOCap.m of the VOC devkit.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resdet.evaluation.average_precision import GRIDS
from resdet.evaluation.detection_table import (
    DetectionTable,
    Float64Array,
    join_columns,
    number_ids,
    turns_as_text,
)
from resdet.evaluation.image_ids import unknown_ids
from resdet.evaluation.matches import FALSE_POSITIVE, IGNORED, TRUE_POSITIVE, Matches, Objects
from resdet.evaluation.pairs import by_small_numbers, pairs
from resdet.evaluation.registry import VOC_METRICS, check_metric
from resdet.evaluation.rules import DEVKIT, Rules
from resdet.evaluation.voc.free import judge_free
from resdet.structures.boxes import FloatArray, from_voc, to_voc, voc_iou
from resdet.structures.records import (
    BoolArray,
    Detections,
    GroundTruth,
    ImageId,
    ImageRecord,
    Int64Array,
)


def evaluate_voc(
    ground_truth: Mapping[ImageId, GroundTruth],
    detections: Sequence[Detections] | DetectionTable,
    class_names: Sequence[str],
    *,
    thresholds: Sequence[float] = (0.5,),
    metric: str = "area",
    rules: Rules = DEVKIT,
) -> dict[str, Any]:
    """VOC AP of all classes; for several metrics call `match_voc` once and `score_voc` for each.

    Raises: ValueError for unknown image ids, labels outside [0, K) or a wrong argument.
    """
    start = time.perf_counter()
    matches = match_voc(ground_truth, detections, class_names, thresholds=thresholds, rules=rules)
    return {**score_voc(matches, metric), "seconds": time.perf_counter() - start}


def score_voc(matches: Matches, metric: str) -> dict[str, Any]:
    """`means_voc`, and where another grid changes them `other_grids`: the mAP by that one.

    Raises: ValueError for a metric that is neither VOC's nor added.
    """
    scores = means_voc(matches, metric)
    grids = {"other_grids": _other_grids(matches, scores["mAP"])} if metric == "11point" else {}
    return {**scores, **grids}


def means_voc(matches: Matches, metric: str) -> dict[str, Any]:
    """AP by class and threshold with the conventions that made it, as the JSON holds it.

    `mAP` and each class of `per_class` map a threshold ("0.50") to its AP, a fraction; None:
    undefined.
    Raises: ValueError for a metric that is neither VOC's nor added.
    """
    check_metric(metric, VOC_METRICS)
    per_class = matches.average_precisions(metric)
    return {
        "mAP": matches.mean(per_class),
        "per_class": per_class,
        "classes_in_mean": matches.classes_in_mean,
        "metric": metric,
        **matches.rules.to_dict(),
        "num_images": len(matches.image_ids),
        "num_detections": len(matches),
    }


def _other_grids(
    matches: Matches, means: Mapping[str, float | None]
) -> dict[str, dict[str, float | None]]:
    found = {}
    for grid in GRIDS["11point"]:
        other = replace(matches, rules=replace(matches.rules, recall=grid))
        aps = other.mean(other.average_precisions("11point"))
        if aps != means:
            found[str(grid)] = aps
    return found


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
    return VocMatching(ground_truth, detections, class_names, thresholds).by(rules)


class VocMatching:
    """What `match_voc` is given; what sets of rules share of the judging is done once."""

    def __init__(
        self,
        ground_truth: Mapping[ImageId, GroundTruth],
        detections: Sequence[Detections] | DetectionTable,
        class_names: Sequence[str],
        thresholds: Sequence[float] = (0.5,),
    ) -> None:
        _check_thresholds(thresholds)
        table = detections
        if not isinstance(table, DetectionTable):
            table = DetectionTable.of(table)
        self.image_ids, self.truth, self.flags = _columns(ground_truth, len(class_names))
        self.images = _image_numbers(table, self.image_ids)
        self.labels, self.scores = table.labels, table.scores
        _check_labels(self.labels, len(class_names), "labels of the detections")
        self.class_names, self.thresholds = tuple(class_names), tuple(thresholds)
        columns = self.images, self.labels
        self._ordered = cache(partial(_ordered, *columns, self.scores, self.image_ids))
        self._overlaps = cache(partial(_overlaps, *columns, table.boxes, self.truth))

    def by(self, rules: Rules) -> Matches:
        """Raises: ValueError for a rule that is none."""
        _check_rules(rules)
        order, scores = self._ordered(rules.alone("ties", "score_decimals"))
        boxes, overlap, best = self._overlaps(rules.alone("plus_one", "box_decimals", "equals"))
        truth = replace(self.truth, ignored=_excused(self.flags, rules))
        columns = self.images[order], self.labels[order], boxes[order]
        if rules.met == "free":
            judged = _judge_free(*columns, truth, self.thresholds, rules)
        else:
            judged = _judge(overlap[order], best[order], truth, self.thresholds, rules)
        return Matches(
            rules,
            self.class_names,
            self.thresholds,
            self.image_ids,
            *columns[:2],
            scores,
            columns[2],
            *judged,
            truth,
        )


def rematch(
    matches: Matches, truth: Objects, *, ignored_if_unmatched: BoolArray | None = None
) -> Matches:
    """The same detections judged against other objects of the same images, by the same rules.

    Shape: `ignored_if_unmatched` (N,): rows that are ignored where they would be false, as COCO
    does with detections outside a range of areas.
    Raises: ValueError for matches by COCO's rule, or objects of no image or class of theirs.
    """
    return rematching(matches, truth)(truth.ignored, ignored_if_unmatched)


def rematching(
    matches: Matches, truth: Objects
) -> Callable[[BoolArray, BoolArray | None], Matches]:
    """`rematch` for several choices of ignored objects, and of rows that are ignored unmatched.

    Raises: as `rematch`.
    """
    if matches.rules.kind != "voc":
        raise ValueError(f"matches must be by VOC's rule, got {matches.rules.kind!r}")
    _check_labels(truth.labels, len(matches.class_names), "labels of the objects")
    if len(truth) and not 0 <= truth.images.min() <= truth.images.max() < len(matches.image_ids):
        raise ValueError(f"images of the objects must be in [0, {len(matches.image_ids)})")
    columns, rules = (matches.images, matches.labels, matches.boxes), matches.rules
    overlaps = cache(partial(_overlaps, *columns, truth, rules))

    def by(ignored: BoolArray, ignored_if_unmatched: BoolArray | None) -> Matches:
        regarded = replace(truth, ignored=ignored)
        if rules.met == "free":
            verdicts, objects = _judge_free(*columns, regarded, matches.thresholds, rules)
        else:
            _, overlap, best = overlaps()
            verdicts, objects = _judge(overlap, best, regarded, matches.thresholds, rules)
        if ignored_if_unmatched is not None:
            verdicts[ignored_if_unmatched & (verdicts == FALSE_POSITIVE)] = IGNORED
        return replace(matches, truth=regarded, verdicts=verdicts, objects=objects)

    return by


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


def _columns(
    ground_truth: Mapping[ImageId, GroundTruth], num_classes: int
) -> tuple[tuple[ImageId, ...], Objects, tuple[BoolArray, BoolArray]]:
    """The image ids, the objects, none excused, and which are difficult and which are crowds."""
    parts = list(ground_truth.values())
    labels = join_columns((part.labels for part in parts), np.int64)
    _check_labels(labels, num_classes, "labels of the ground truth")
    truth = Objects(
        np.repeat(np.arange(len(parts)), [len(part) for part in parts]),
        labels,
        join_columns((part.boxes for part in parts), np.float64, 4),
        np.zeros(len(labels), bool),
    )
    difficult = join_columns((part.difficult for part in parts), np.bool_)
    crowd = join_columns((part.crowd for part in parts), np.bool_)
    return tuple(ground_truth), truth, (difficult, crowd)


def _excused(flags: tuple[BoolArray, BoolArray], rules: Rules) -> BoolArray:
    difficult, crowd = flags
    return (difficult & (rules.difficult == "excuse")) | (crowd & (rules.crowd == "excuse"))


def _corners(boxes: Float64Array, rules: Rules) -> FloatArray:
    """As a VOC file has them, between which sides are one longer than they are apart."""
    return boxes if rules.plus_one else to_voc(boxes)


def _rounded(values: FloatArray, decimals: int) -> Float64Array:
    """What f"{value:.{decimals}f}" keeps of float32 values; exact for up to 8 decimals."""
    power = 10.0**decimals
    return np.rint(values.astype(np.float32).astype(np.float64) * power) / power


def _ordered(
    images: Int64Array,
    labels: Int64Array,
    scores: Float64Array,
    image_ids: Sequence[ImageId],
    rules: Rules,
) -> tuple[Int64Array, Float64Array]:
    """The rows by class, then by falling score, equal scores as the rules say; their scores."""
    if rules.score_decimals is not None:
        scores = _rounded(scores, rules.score_decimals)
    rows = np.arange(len(labels))
    if rules.ties in ("pandas", "images"):
        rows = np.argsort(images, kind="stable")
    elif rules.ties == "ids-as-text":
        rows = np.argsort(turns_as_text(image_ids)[images], kind="stable")
    by_class = rows[by_small_numbers(labels[rows])]
    bounds = np.flatnonzero(np.diff(labels[by_class])) + 1
    parts = [rows[_falling(scores[rows], rules)] for rows in np.split(by_class, bounds)]
    order = np.concatenate(parts)
    return order, scores[order]


def _falling(scores: Float64Array, rules: Rules) -> Int64Array:
    """The places of the scores of one class by falling score."""
    if rules.ties == "unsorted":
        return np.arange(len(scores))
    if rules.ties == "numpy":
        return np.argsort(-scores)
    if rules.ties == "pandas":  # objects in its table; nargsort turns them round before and after
        return len(scores) - 1 - np.argsort(scores[::-1].astype(object))[::-1]
    return np.argsort(-scores, kind="stable")


def _judge(
    overlap: Float64Array,
    best: Int64Array,
    truth: Objects,
    thresholds: Sequence[float],
    rules: Rules,
) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    """(T, N) verdicts and rows of `truth`, -1 for false positives; rows by falling score."""
    shape = len(thresholds), len(overlap)
    verdicts, objects = np.full(shape, FALSE_POSITIVE, np.int8), np.full(shape, -1, np.int32)
    # detections near enough for some threshold, by object, then in their order
    rows = np.flatnonzero(_hits(overlap, min(thresholds), rules))
    rows = rows[np.argsort(best[rows], kind="stable")]
    ignored = truth.ignored[best[rows]]
    for row, threshold in enumerate(thresholds):
        hit = _hits(overlap[rows], threshold, rules)
        claims = rows[hit & ~ignored]
        first = claims[np.diff(best[claims], prepend=-1) != 0]
        excused = rows[hit & ignored]
        verdicts[row, first] = TRUE_POSITIVE
        verdicts[row, excused] = IGNORED
        objects[row, first], objects[row, excused] = best[first], best[excused]
    return verdicts, objects


def _judge_free(
    images: Int64Array,
    labels: Int64Array,
    boxes: Float64Array,
    truth: Objects,
    thresholds: Sequence[float],
    rules: Rules,
) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    """As `_judge`, by `judge_free`."""
    mine, corners = _corners(boxes, rules), _corners(truth.boxes, rules)
    return judge_free(images, labels, mine, corners, truth, thresholds, rules)


def _hits(overlap: Float64Array, threshold: float, rules: Rules) -> BoolArray:
    return overlap >= threshold if rules.iou == "ge" else overlap > threshold


def _overlaps(
    images: Int64Array, labels: Int64Array, boxes: Float64Array, truth: Objects, rules: Rules
) -> tuple[Float64Array, Float64Array, Int64Array]:
    """The boxes as the rules round them, the highest IoU of each and the row of that object.

    Shape: (N, 4), (N,), (N,); IoU -1 and row 0 where the image has no object of that class.
    """
    mine, corners = _corners(boxes, rules), _corners(truth.boxes, rules)
    if rules.box_decimals is not None:
        mine = _rounded(mine, rules.box_decimals)
        boxes = from_voc(mine).astype(np.float64)
    num_classes = 1 + max((int(x.max()) for x in (labels, truth.labels) if len(x)), default=0)
    keys = truth.images * num_classes + truth.labels
    wanted = images * num_classes + labels
    overlap, best = np.full(len(wanted), -1.0), np.zeros(len(wanted), np.int64)
    for block in pairs(wanted, keys):
        iou = voc_iou(mine[block.left], corners[block.right])
        overlap[block.rows], best[block.rows] = block.best(iou, rules.equals == "last")
    return boxes, overlap, best


def _image_numbers(table: DetectionTable, known: Sequence[ImageId]) -> Int64Array:
    numbers = number_ids(known)
    unknown = [image_id for image_id in table.image_ids if image_id not in numbers]
    if unknown:
        raise ValueError(unknown_ids(unknown, known))
    translate = np.array([numbers[image_id] for image_id in table.image_ids], np.int64)
    return translate[table.images]


def _check_thresholds(thresholds: Sequence[float]) -> None:
    if not len(thresholds) or not all(0 < t <= 1 for t in thresholds):
        raise ValueError(f"thresholds must be in (0, 1], got {list(thresholds)}")


def _check_rules(rules: Rules) -> None:
    if rules.iou not in ("ge", "gt"):
        raise ValueError(f"iou_rule must be ge or gt, got {rules.iou!r}")


def _check_labels(labels: Int64Array, num_classes: int, what: str) -> None:
    outside = labels[(labels < 0) | (labels >= num_classes)]
    if len(outside):
        raise ValueError(
            f"{what} must be in [0, {num_classes}), got {np.unique(outside)[:5].tolist()}; "
            "check that the class names are those of the data"
        )
