"""COCO's matching on columns: all images, thresholds and ranges of areas at once.

The verdicts are those of pycocotools: the same IoU in the same order of operations, the same
choice among equals. Boxes that overlap less than the lowest threshold are compared once only.
Source: pycocotools 2.0.11, `COCOeval.evaluateImg` and `bbIou` in maskApi.c.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resdet.evaluation.coco.results import CocoResults, image_places
from resdet.evaluation.coco.truth import CocoTruth
from resdet.evaluation.detection_table import Float64Array, turns_as_text
from resdet.evaluation.matches import FALSE_POSITIVE, IGNORED, TRUE_POSITIVE, Matches, Objects
from resdet.evaluation.pairs import by_small_numbers, pairs
from resdet.evaluation.rules import COCO, Areas, Rules
from resdet.structures.boxes import from_xywh
from resdet.structures.records import BoolArray, Int64Array

AREAS = {
    "all": (0.0, 1e5**2),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e5**2),
}
THRESHOLDS = np.linspace(0.5, 0.95, 10)  # as pycocotools has them: the ninth is a hair below 0.9


@dataclass(frozen=True)
class CocoMatches:
    """What became of every detection in each of the four ranges of areas.

    `matches` is of the range "all"; its rows are those of the other columns.
    Shape: verdicts (A, T, N); ranks (N,), the place of a detection among those of its image and
    class, from 0; ignored (A, M), the objects that need not be found.
    """

    matches: Matches
    verdicts: NDArray[np.int8]
    ranks: Int64Array
    ignored: BoolArray


def match_coco(truth: CocoTruth, found: CocoResults) -> Matches:
    """Judge every detection as COCO does, objects of every size counted.

    Kept are the first 100 detections of each image and class. Labels follow the rising
    category id; thresholds are 0.50:0.95. A detection outside the range of areas that found
    nothing is ignored without an object.

    Raises: ValueError for images or categories that the data do not have.
    """
    return match_areas(truth, found).matches


def match_areas(truth: CocoTruth, found: CocoResults, rules: Rules = COCO) -> CocoMatches:
    """Judge every detection in each of the ranges of `AREAS`.

    Detections of an image and class, by falling score, each take the object that they overlap
    most of those that they overlap by the threshold and that none took before: one that counts
    if there is any, else one that is ignored; of equals the last. A crowd is taken again and
    again, and overlaps by the share of the detection that lies inside. A detection is ignored
    that took an ignored object, or took none and has an area outside the range. `rules` may
    say otherwise.

    Raises: ValueError for images or categories that the data do not have.
    """
    places = image_places(truth, found)
    if rules.found_images:
        truth = truth.of_images(places)
    if rules.limit is not None:
        kept = _ranks(places, found.scores) < rules.limit
        found, places = found.rows(kept), places[kept]
    ids = np.array(sorted(truth.category_names), np.int64)
    labels = np.searchsorted(ids, found.categories)
    keys = places * len(ids) + labels
    turns = turns_as_text(truth.image_ids)[places] if rules.ties == "ids-as-text" else places
    rows = _order(turns, found.scores, labels)
    grouped = by_small_numbers(places[rows])  # by image and class, then by falling score
    if rules.ties == "numpy":  # when all are ranked, not where an image's own are matched
        matched = rows[grouped]
        rows = _order_of_numpy(places, found.scores, labels)
        grouped = np.argsort(rows)[matched]
    ranks = np.empty_like(grouped)
    ranks[grouped] = places_in_run(keys[rows[grouped]])
    kept = ranks < rules.max_detections[-1]
    grouped = (np.cumsum(kept) - 1)[grouped[kept[grouped]]]
    rows, ranks = rows[kept], ranks[kept]
    boxes = found.boxes[rows]
    objects = _Objects(truth, ids, rules)
    candidates, taken = objects.taken_by(keys[rows[grouped]], boxes[grouped])
    candidates = grouped[candidates]

    found_objects = np.full((len(THRESHOLDS), len(rows)), -1, np.int32)
    found_objects[:, candidates] = taken[0]
    verdicts = _verdicts(boxes, objects, candidates, taken)
    matches = Matches(
        rules=rules,
        class_names=truth.class_names,
        thresholds=tuple(np.round(THRESHOLDS, 2).tolist()),
        image_ids=truth.image_ids,
        images=places[rows],
        labels=labels[rows],
        scores=found.scores[rows],
        boxes=from_xywh(boxes).astype(np.float64),
        verdicts=verdicts[0],
        objects=found_objects,
        truth=objects.columns,
    )
    return CocoMatches(matches, verdicts, ranks, objects.ignored)


def settled_by(truth: CocoTruth, found: CocoResults, rules: Rules) -> set[str]:
    """Of `iou`, `coco_thresholds` and `equals` those that settle anything by such overlaps.

    That is one of exactly a threshold, one between the roundings of it, two that are the same.
    """
    ids = np.array(sorted(truth.category_names), np.int64)
    keys = image_places(truth, found) * len(ids) + np.searchsorted(ids, found.categories)
    order, objects = np.argsort(keys, kind="stable"), _Objects(truth, ids, rules)
    of_32 = _limits(replace(rules, coco_thresholds="float32"))
    low, high = np.minimum(objects.limits, of_32), np.maximum(objects.limits, of_32)
    settled = set()
    for rows, _, overlaps in objects._near_pairs(keys[order], found.boxes[order]):
        below = np.searchsorted(low, overlaps, "right") - 1
        if ((overlaps == low[below]) | (overlaps == high[below])).any():
            settled.add("iou")
        if ((overlaps <= high[below]) & (low[below] < high[below])).any():
            settled.add("coco_thresholds")
        ranked = np.lexsort((overlaps, rows))
        if ((np.diff(rows[ranked]) == 0) & (np.diff(overlaps[ranked]) == 0)).any():
            settled.add("equals")
    return settled


def _verdicts(
    boxes: Float64Array, columns: _Objects, candidates: Int64Array, taken: NDArray[np.int32]
) -> NDArray[np.int8]:
    """(A, T, N) from the (A, T, C) objects that the candidates took."""
    outside = out_of_ranges(boxes[:, 2] * boxes[:, 3])
    without = np.where(outside, np.int8(IGNORED), np.int8(FALSE_POSITIVE))
    verdicts = np.repeat(without[:, None], len(THRESHOLDS), axis=1)
    judged = np.where(columns.ignored, np.int8(IGNORED), np.int8(TRUE_POSITIVE))
    for area, objects in enumerate(taken):
        nothing = objects < 0
        if columns.unseen.any():
            nothing |= columns.unseen[objects] & ~columns.ignored[area, objects]
        verdicts[area][:, candidates] = np.where(
            nothing, without[area, candidates], judged[area, objects]
        )
    return verdicts


def _limits(rules: Rules) -> Float64Array:
    """The least overlaps at 0.50:0.95, as the rules make them."""
    if rules.coco_thresholds == "float32":
        return np.round(THRESHOLDS, 2).astype(np.float32).astype(np.float64)
    return np.minimum(THRESHOLDS, 1 - 1e-10)


def _ranks(groups: Int64Array, scores: Float64Array) -> Int64Array:
    """(N,) the place of each by falling score in its group, as read among equals, from 0."""
    order = np.lexsort((-scores, groups))
    ranks = np.empty_like(order)
    ranks[order] = places_in_run(groups[order])
    return ranks


def _order(images: Int64Array, scores: Float64Array, labels: Int64Array) -> Int64Array:
    """The rows by class, then falling score, then image, then as read.

    Sorting thrice, the most important key last, is twice as fast as np.lexsort.
    """
    rows = np.argsort(images, kind="stable")
    rows = rows[np.argsort(-scores[rows], kind="stable")]
    return rows[by_small_numbers(labels[rows])]


def _order_of_numpy(images: Int64Array, scores: Float64Array, labels: Int64Array) -> Int64Array:
    """The rows by class, equal scores as its unstable sort of all classes together leaves them."""
    rows = np.lexsort((-scores, images))
    rows = rows[np.argsort(-scores[rows].astype(np.float32))]
    return rows[np.argsort(labels[rows], kind="stable")]


class _Objects:
    """The ground truth, sorted by image and class; reading order is kept within."""

    def __init__(self, truth: CocoTruth, category_ids: Int64Array, rules: Rules) -> None:
        labels = np.searchsorted(category_ids, truth.categories)
        keys = truth.images * len(category_ids) + labels
        order = np.argsort(keys, kind="stable")
        self.keys, self.boxes = keys[order], truth.boxes[order]
        self.crowd = truth.crowd[order] & (rules.crowd == "excuse")
        excused = self.crowd | (truth.ignore[order] & (rules.difficult == "excuse"))
        self.ignored = excused | out_of_ranges(areas_of(truth, rules.areas)[order])
        self.unseen = np.zeros(len(keys), bool)
        if rules.id_0:
            self.unseen = np.array([number == 0 for number in truth.ids], bool)[order]
        self.rules, self.limits = rules, _limits(rules)
        self.groups = np.cumsum(np.diff(self.keys, prepend=-1) != 0) - 1
        corners = from_xywh(self.boxes).astype(np.float64)
        self.columns = Objects(truth.images[order], labels[order], corners, self.ignored[0])

    def taken_by(
        self, keys: Int64Array, boxes: Float64Array
    ) -> tuple[Int64Array, NDArray[np.int32]]:
        """The detections that overlap enough with something, and the object that each takes.

        Shape: keys (N,) sorted, within a key by falling score; boxes (N, 4) -> candidates (C,),
        taken (A, T, C), -1 where all was taken before.
        """
        free = np.ones((len(AREAS), len(THRESHOLDS), len(self.keys)), bool)
        candidates, taken = [np.zeros(0, np.int64)], [free[..., :0].astype(np.int32)]
        for rows, objects, overlaps in self._near_pairs(keys, boxes):
            turns = places_in_run(keys[rows[_starts(rows)]])  # of a detection within its key
            turn_of = np.repeat(turns, np.diff(np.append(_starts(rows), len(rows))))
            ranking: tuple[Any, ...] = (
                overlaps,
                rows,
                turn_of,
            )  # the best last, of equals the last
            if self.rules.equals == "first":
                ranking = (-objects, *ranking)
            order = np.lexsort(ranking)
            bounds = np.searchsorted(turn_of[order], np.arange(turns.max(initial=-1) + 2))
            for begin, end in pairwise(bounds):
                turn = order[begin:end]
                candidates.append(rows[turn][_starts(rows[turn])])
                taken.append(self._take(rows[turn], objects[turn], overlaps[turn], free))
        return np.concatenate(candidates), np.concatenate(taken, axis=-1)

    def _take(
        self, rows: Int64Array, objects: Int64Array, overlaps: Float64Array, free: BoolArray
    ) -> NDArray[np.int32]:
        """Let at most one detection of an image and class choose; mark in `free` what it took.

        Shape: (P,) pairs, those of a detection together and by rising overlap -> (A, T, D).
        """
        allowed = self._near(overlaps, self.limits[:, None]) & free[..., objects]
        counts = (~self.ignored[:, None, objects]).astype(np.int32)
        if self.rules.any_free:
            allowed &= (counts > 0) | ~self._any_free(free)[..., self.groups[objects]]
        preference = np.arange(len(rows), dtype=np.int32) + len(rows) * counts
        best = np.maximum.reduceat(
            np.where(allowed, preference, np.int32(-1)), _starts(rows), axis=-1
        )
        taken = np.concatenate([objects, objects, [-1]], dtype=np.int32, casting="same_kind")[best]
        found = np.flatnonzero(taken >= 0)
        chosen = taken.ravel()[found]
        free.reshape(-1, len(self.keys))[found // taken.shape[-1], chosen] = self.crowd[chosen]
        return taken

    def _any_free(self, free: BoolArray) -> BoolArray:
        """(A, T, G) whether an image and class has an object that counts and that none took."""
        starts = _starts(self.keys)
        return np.logical_or.reduceat(free & ~self.ignored[:, None], starts, axis=-1)

    def _near_pairs(
        self, keys: Int64Array, boxes: Float64Array
    ) -> Iterator[tuple[Int64Array, Int64Array, Float64Array]]:
        """(rows, objects, overlaps) of the lowest threshold or more, detections in their order."""
        for block in pairs(keys, self.keys):
            rows, objects = block.left, block.right
            overlaps = (
                _overlaps_of_32_bits(boxes[rows], self.boxes[objects])
                if self.rules.overlaps_of_32_bits
                else _overlaps(boxes[rows], self.boxes[objects], self.crowd[objects])
            )
            near = self._near(overlaps, self.limits[0])
            yield rows[near], objects[near], overlaps[near]

    def _near(self, overlaps: Float64Array, limits: Any) -> BoolArray:
        return overlaps > limits if self.rules.iou == "gt" else ~(overlaps < limits)


def _overlaps(a: Float64Array, b: Float64Array, crowd: BoolArray) -> Float64Array:
    """(P,) IoU, of a crowd the share of `a`, as maskApi.c computes it.

    Shape: a, b (P, 4) x, y, width, height.
    """
    upper = np.minimum(a[:, 2:] + a[:, :2], b[:, 2:] + b[:, :2])
    sides = upper - np.maximum(a[:, :2], b[:, :2])
    intersection = sides[:, 0] * sides[:, 1]
    area = a[:, 2] * a[:, 3]
    union = np.where(crowd, area, area + b[:, 2] * b[:, 3] - intersection)
    meet = (sides > 0).all(axis=1) & (union > 0)  # a tiny area may round to 0
    return np.divide(intersection, union, out=np.zeros_like(union), where=meet)


def _overlaps_of_32_bits(a: Float64Array, b: Float64Array) -> Float64Array:
    """(P,) IoU as networks' code computes it, 1e-7 added to the union.

    Shape: a, b (P, 4) x, y, width, height.
    """
    ours, theirs = from_xywh(a).astype(np.float32), from_xywh(b).astype(np.float32)
    sides = np.minimum(ours[:, 2:], theirs[:, 2:]) - np.maximum(ours[:, :2], theirs[:, :2])
    intersection = sides.clip(0).prod(axis=1)
    areas = [(box[:, 2:] - box[:, :2]).prod(axis=1) for box in (ours, theirs)]
    union = areas[0] + areas[1] - intersection + np.float32(1e-7)
    return (intersection / union).astype(np.float64)


def areas_of(truth: CocoTruth, rule: Areas) -> Float64Array:
    """(M,) the sizes of the objects."""
    own = truth.boxes[:, 2] * truth.boxes[:, 3]
    if rule == "file":
        return truth.areas
    return own if rule == "box" else np.where(truth.areas > 0, truth.areas, own)


def out_of_ranges(areas: Float64Array) -> BoolArray:
    """(N,) -> (A, N)."""
    low, high = np.array(list(AREAS.values())).T[..., None]
    return (areas < low) | (areas > high)


def _starts(values: Int64Array) -> Int64Array:
    """Where a run of equal values begins."""
    return np.flatnonzero(np.diff(values, prepend=values[:1] - 1))


def places_in_run(values: Int64Array) -> Int64Array:
    """(N,) the place of each within its run of equal values, from 0."""
    starts = _starts(values)
    lengths = np.diff(np.append(starts, len(values)))
    return np.arange(len(values)) - np.repeat(starts, lengths)
