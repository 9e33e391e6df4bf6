"""COCO's matching on columns: all images, thresholds and ranges of areas at once.

The verdicts are those of pycocotools: the same IoU in the same order of operations, the same
choice among equals. Boxes that overlap less than the lowest threshold are compared once only.
Source: pycocotools 2.0.11, `COCOeval.evaluateImg` and `bbIou` in maskApi.c.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from resdet.evaluation.coco.overlaps import Boxes, overlaps, overlaps_of_32_bits
from resdet.evaluation.coco.results import CocoResults, image_places
from resdet.evaluation.coco.truth import CocoTruth
from resdet.evaluation.detection_table import Float64Array, turns_as_text
from resdet.evaluation.matches import FALSE_POSITIVE, IGNORED, TRUE_POSITIVE, Matches, Objects
from resdet.evaluation.pairs import (
    by_falling,
    by_small_numbers,
    pairs,
    places_among,
    starts_of_runs,
)
from resdet.evaluation.rules import COCO, Areas, Rules
from resdet.structures.records import BoolArray, Int64Array

AREAS = {
    "all": (0.0, 1e5**2),
    "small": (0.0, 32.0**2),
    "medium": (32.0**2, 96.0**2),
    "large": (96.0**2, 1e5**2),
}
_NOTHING = 2  # is taken that could be a verdict
THRESHOLDS = np.linspace(0.5, 0.95, 10)  # as pycocotools has them: the ninth is a hair below 0.9


@dataclass(frozen=True)
class CocoMatches:
    """What became of every detection in each of the four ranges of areas.

    `matches` is of the range "all"; its rows are those of the other columns.
    Shape: rows (C,), rising, the detections that overlap an object by the lowest threshold or
    more; judged (A, T, C), their verdicts; outside (A, N), the areas outside the range, whose
    detections are ignored where they are not among `rows`; ranks (N,), the place of a detection
    among those of its image and class, from 0; ignored (A, M), the objects that need not be found.
    """

    matches: Matches
    rows: Int64Array
    judged: NDArray[np.int8]
    outside: BoolArray
    ranks: Int64Array
    ignored: BoolArray

    @property
    def verdicts(self) -> NDArray[np.int8]:
        """(A, T, N) of every detection."""
        return np.stack([*map(_of_all, self.judged, self.outside, [self.rows] * len(AREAS))])


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
    labels = places_among(found.categories, ids)
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
    if not kept.all():
        grouped = (np.cumsum(kept) - 1)[grouped[kept[grouped]]]
        rows, ranks = rows[kept], ranks[kept]
    boxes = Boxes.of(found.boxes)
    outside = np.take(out_of_ranges(boxes.area), rows, axis=1)
    objects, matched = _Objects(truth, ids, rules), rows[grouped]
    sorted_keys = keys[matched]
    near = list(objects.near(sorted_keys, boxes.at(matched)))
    candidates, taken, judged = objects.judge(near, sorted_keys, grouped, outside)
    matches = Matches(
        rules=rules,
        class_names=truth.class_names,
        thresholds=tuple(np.round(THRESHOLDS, 2).tolist()),
        image_ids=truth.image_ids,
        images=places[rows],
        labels=labels[rows],
        scores=found.scores[rows],
        boxes=np.take(boxes.corners, rows, axis=0),
        verdicts=_of_all(judged[0], outside[0], candidates),
        objects=_filled(taken, candidates, np.full((1, len(rows)), -1, np.int32)),
        truth=objects.columns,
    )
    return CocoMatches(matches, candidates, judged, outside, ranks, objects.ignored)


def settled_by(truth: CocoTruth, found: CocoResults, rules: Rules) -> set[str]:
    """Of `iou`, `coco_thresholds` and `equals` those that settle anything by such overlaps.

    That is one of exactly a threshold, one between the roundings of it, two that are the same.
    """
    ids = np.array(sorted(truth.category_names), np.int64)
    keys = image_places(truth, found) * len(ids) + places_among(found.categories, ids)
    order, objects = np.argsort(keys, kind="stable"), _Objects(truth, ids, rules)
    boxes = Boxes.of(np.take(found.boxes, order, axis=0))
    of_32 = _limits(replace(rules, coco_thresholds="float32"))
    low, high = np.minimum(objects.limits, of_32), np.maximum(objects.limits, of_32)
    settled = set()
    for rows, _, overlap in objects.near(keys[order], boxes):
        below = np.searchsorted(low, overlap, "right") - 1
        if ((overlap == low[below]) | (overlap == high[below])).any():
            settled.add("iou")
        if ((overlap <= high[below]) & (low[below] < high[below])).any():
            settled.add("coco_thresholds")
        ranked = np.lexsort((overlap, rows))
        if ((np.diff(rows[ranked]) == 0) & (np.diff(overlap[ranked]) == 0)).any():
            settled.add("equals")
    return settled


def _of_all(
    judged: NDArray[np.int8], outside: BoolArray, candidates: Int64Array
) -> NDArray[np.int8]:
    """(T, N) verdicts from the (T, C) of the candidates; others found nothing."""
    without = np.where(outside, np.int8(IGNORED), np.int8(FALSE_POSITIVE))
    return _filled(judged, candidates, without[None])


def _filled(some: Any, rows: Int64Array, usual: Any) -> Any:
    """(T, C) and (1, N) -> (T, N), the columns `rows` from the first."""
    filled = np.repeat(usual, len(some), axis=0)
    for own, values in zip(filled, some):
        own[rows] = values
    return filled


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
    """The rows by class, then falling score, then image, then as read."""
    rows = np.argsort(images, kind="stable")
    rows = rows[by_falling(scores[rows])]
    return rows[by_small_numbers(labels[rows])]


def _order_of_numpy(images: Int64Array, scores: Float64Array, labels: Int64Array) -> Int64Array:
    """The rows by class, equal scores as its unstable sort of all classes together leaves them."""
    rows = np.lexsort((-scores, images))
    rows = rows[np.argsort(-scores[rows].astype(np.float32))]
    return rows[np.argsort(labels[rows], kind="stable")]


class _Near(NamedTuple):
    """Pairs of a detection and an object, those of a detection side by side.

    Shape: (P,).
    """

    rows: Int64Array
    objects: Int64Array
    overlap: Float64Array

    def some(self, places: Int64Array | BoolArray) -> _Near:
        return _Near(self.rows[places], self.objects[places], self.overlap[places])


class _Objects:
    """The ground truth, sorted by image and class; reading order is kept within."""

    def __init__(self, truth: CocoTruth, category_ids: Int64Array, rules: Rules) -> None:
        labels = places_among(truth.categories, category_ids)
        keys = truth.images * len(category_ids) + labels
        order = np.argsort(keys, kind="stable")
        self.keys, self.boxes = keys[order], Boxes.of(np.take(truth.boxes, order, axis=0))
        self.crowd = truth.crowd[order] & (rules.crowd == "excuse")
        excused = self.crowd | (truth.ignore[order] & (rules.difficult == "excuse"))
        self.ignored = excused | out_of_ranges(areas_of(truth, rules.areas)[order])
        unseen = np.zeros(len(keys), bool)
        if rules.id_0:
            unseen = np.array([number == 0 for number in truth.ids], bool)[order]
        found = np.where(unseen, np.int8(_NOTHING), np.int8(TRUE_POSITIVE))
        judged = np.where(self.ignored, np.int8(IGNORED), found)
        self.judged = np.pad(judged, ((0, 0), (0, 1)), constant_values=_NOTHING)  # -1 is none
        self.rules, self.limits = rules, _limits(rules)
        self.groups = np.cumsum(np.diff(self.keys, prepend=-1) != 0) - 1
        of_group = np.diff(self.keys, append=-1) == 0  # and the next object too
        differ = (self.ignored != np.roll(self.ignored, -1, axis=1)).any(axis=0)
        mixed = np.bincount(self.groups[of_group & differ], minlength=len(keys)) > 0
        self.mixed = mixed[self.groups]  # in groups where a range ignores some objects only
        self.columns = Objects(
            truth.images[order], labels[order], self.boxes.corners, self.ignored[0]
        )

    def judge(
        self, near: Sequence[_Near], keys: Int64Array, grouped: Int64Array, outside: BoolArray
    ) -> tuple[Int64Array, NDArray[np.int32], NDArray[np.int8]]:
        """The detections that overlap enough with something, what each takes, and the verdicts.

        Shape: keys (N,), sorted, those of `near`; grouped (N,), the row of each, by falling score
        within a key; outside (A, N) of the rows -> candidates (C,), rising rows; taken (T, C) of
        the range "all", -1 where all was taken before; judged (A, T, C).
        """
        candidates = [np.zeros(0, np.int64)]
        taken = [np.zeros((len(THRESHOLDS), 0), np.int32)]
        judged = [np.zeros((len(AREAS), len(THRESHOLDS), 0), np.int8)]
        free = np.ones((len(AREAS), len(THRESHOLDS), len(self.keys)), bool)
        alike = np.zeros_like(self.ignored[:1])  # all ranges are one where all objects count
        for block in near:
            mixed = self.mixed[block.objects]
            for part, ignored in ((~mixed, alike), (mixed, self.ignored)):
                for turn in self._turns(block.some(part), keys):
                    rows = grouped[turn.rows[starts_of_runs(turn.rows)]]
                    took = self._take(turn, ignored, free[: len(ignored)])
                    candidates.append(rows)
                    taken.append(took[0])
                    judged.append(self._verdicts(took, np.take(outside, rows, axis=1)))
        rows = np.concatenate(candidates)
        order = _rising(rows, len(keys))
        return (
            rows[order],
            np.take(np.concatenate(taken, axis=-1), order, axis=-1),
            np.take(np.concatenate(judged, axis=-1), order, axis=-1),
        )

    def _verdicts(self, taken: NDArray[np.int32], outside: BoolArray) -> NDArray[np.int8]:
        """(A, T, D), from the objects that the detections took and (A, D)."""
        without = np.where(outside, np.int8(IGNORED), np.int8(FALSE_POSITIVE))
        taken = np.broadcast_to(taken, (len(AREAS), *taken.shape[1:]))
        judged = np.stack([of_object[row] for of_object, row in zip(self.judged, taken)])
        return np.where(judged == _NOTHING, without[:, None], judged)

    def _turns(self, near: _Near, keys: Int64Array) -> Iterator[_Near]:
        """Those of the detections that are the first of their key, then of the second, ..."""
        starts = starts_of_runs(near.rows)
        turns = places_in_run(keys[near.rows[starts]])
        turn_of = np.repeat(turns, np.diff(starts, append=len(near.rows)))
        order = self._ranked(near)[by_small_numbers(turn_of)]
        bounds = np.searchsorted(turn_of[order], np.arange(turns.max(initial=-1) + 2))
        for begin, end in pairwise(bounds):
            yield near.some(order[begin:end])

    def _ranked(self, near: _Near) -> Int64Array:
        """(P,) the pairs, those of each detection by rising preference: the last is the best."""
        rows, objects, overlap = near
        order = np.arange(len(rows))
        several = np.diff(rows, prepend=-1) == 0
        several[:-1] |= several[1:]
        places = np.flatnonzero(several)
        ranking: tuple[Any, ...] = (overlap[places], rows[places])
        if self.rules.equals == "first":
            ranking = (-objects[places], *ranking)
        order[places] = places[np.lexsort(ranking)]
        return order

    def _take(self, near: _Near, ignored: BoolArray, free: BoolArray) -> NDArray[np.int32]:
        """Let at most one detection of an image and class choose; mark in `free` what it took.

        Shape: (P,) pairs, those of a detection together and by rising overlap; ignored (A, M) and
        free (A, T, M), or the ranges as one -> (A, T, D).
        """
        rows, objects, overlap = near
        allowed = self._meets(overlap, self.limits[:, None]) & free[..., objects]
        counts = (~ignored[:, None, objects]).astype(np.int32)
        if self.rules.any_free:
            any_free = self._any_free(free, ignored)
            allowed &= (counts > 0) | ~any_free[..., self.groups[objects]]
        preference = np.arange(len(rows), dtype=np.int32) + len(rows) * counts
        best = np.where(allowed, preference, np.int32(-1))
        starts = starts_of_runs(rows)
        if len(starts) < len(rows):
            best = np.maximum.reduceat(best, starts, axis=-1)
        taken = np.concatenate([objects, objects, [-1]], dtype=np.int32, casting="same_kind")[best]
        found = np.flatnonzero(taken >= 0)
        chosen = taken.ravel()[found]
        free.reshape(-1, len(self.keys))[found // taken.shape[-1], chosen] = self.crowd[chosen]
        return taken

    def _any_free(self, free: BoolArray, ignored: BoolArray) -> BoolArray:
        """(A, T, G) whether an image and class has an object that counts and that none took."""
        starts = starts_of_runs(self.keys)
        return np.logical_or.reduceat(free & ~ignored[:, None], starts, axis=-1)

    def near(self, keys: Int64Array, boxes: Boxes) -> Iterator[_Near]:
        """The pairs of the same key that overlap by the lowest threshold or more.

        Shape: keys and boxes (N,).
        """
        for block in pairs(keys, self.keys):
            rows, objects = block.left, block.right
            a, b = boxes.at(rows), self.boxes.at(objects)
            if self.rules.overlaps_of_32_bits:
                overlap = overlaps_of_32_bits(a, b)
            else:
                overlap = overlaps(a, b, self.crowd[objects])
            yield _Near(rows, objects, overlap).some(self._meets(overlap, self.limits[0]))

    def _meets(self, overlap: Float64Array, limits: Any) -> BoolArray:
        return overlap > limits if self.rules.iou == "gt" else ~(overlap < limits)


def _rising(rows: Int64Array, many: int) -> Int64Array:
    """The places of the rows, each of them another one below `many`, by rising row."""
    place_of = np.full(many, -1)
    place_of[rows] = np.arange(len(rows))
    return place_of[place_of >= 0]


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


def places_in_run(values: Int64Array) -> Int64Array:
    """(N,) the place of each within its run of equal values, from 0."""
    starts = starts_of_runs(values)
    lengths = np.diff(np.append(starts, len(values)))
    return np.arange(len(values)) - np.repeat(starts, lengths)
