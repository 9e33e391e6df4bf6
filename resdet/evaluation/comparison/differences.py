"""What two results of ours differ in: their images, objects and detections, and their rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from operator import add
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from resdet.evaluation.average_precision import metric_title
from resdet.evaluation.comparison.sides import MeasuredRun
from resdet.evaluation.explain import Kind, Step, tie_bounds
from resdet.evaluation.matches import Matches
from resdet.evaluation.measures import Measure, sections, value_of
from resdet.evaluation.registry import VOC_METRICS
from resdet.evaluation.rules import COCO, DEVKIT, Rules, rules_of
from resdet.evaluation.scorer import Numbers
from resdet.evaluation.tools import in_words

Pair = tuple[Measure, Measure]

_OF_COCO = {"mAP@0.50": "AP50", "mAP@0.75": "AP75", "mAP, mean of 10": "AP"}
_COCOS_WAY = "COCO's way: the best object that is free is found, precision at 101 recalls"
_VOCS_WAY = "VOC's way: the object that overlaps most is found, taken or not"
MOST = 3  # means that are told: what a terminal of 80 holds
_STILL = 1e-6  # of a number: what is no difference
_HUNDREDTH = 2  # of a pixel, to which boxes are compared


@dataclass(frozen=True)
class Common:
    """How many of something the first has, the second has, and both have, where that is known."""

    what: str
    first: int
    second: int
    both: int | None = None

    @property
    def alike(self) -> bool:
        """Whether they have the same, as far as is known."""
        return self.first == self.second and self.both in (None, self.first)

    def __str__(self) -> str:
        told = f"{self.what}s".ljust(12)
        if self.both is None:
            many = f"{self.first:,} and {self.second:,}"
            return f"{told}{many}, not compared one by one: that takes both .matches.npz"
        if self.alike:
            return f"{told}the same {self.first:,}"
        return f"{told}{self.first:,} and {self.second:,}, of which both have {self.both:,}"


def rules_in(result: Mapping[str, Any]) -> Rules:
    """Those that made a result of ours. Raises: ValueError for rules of no kind."""
    part = sections(result)[0]
    usual, told = (DEVKIT, part) if "mAP" in part else (COCO, part.get("rules") or {})
    values = {**vars(usual), "max_detections": list(usual.max_detections)}
    values |= {"iou" if name == "iou_rule" else name: value for name, value in told.items()}
    return rules_of({field.name: values[field.name] for field in fields(Rules)})


def differing(first: MeasuredRun, second: MeasuredRun) -> list[Common]:
    """Images, objects and detections of two results: one by one where their matches are there."""
    if first.record is not None and second.record is not None:
        return [*in_common(first.record.matches, second.record.matches)]
    sides = [sections(run.result)[0] for run in (first, second)]
    known = [name for name in ("image", "detection") if all(f"num_{name}s" in s for s in sides)]
    return [Common(name, *(side[f"num_{name}s"] for side in sides)) for name in known]


def is_ours(content: Any) -> bool:
    """Whether a JSON is one that eval_voc, eval_coco or training wrote."""
    if not isinstance(content, Mapping):
        return False
    trained = content.get("metrics")
    wholes = [content, *(trained.values() if isinstance(trained, Mapping) else ())]
    parts = [
        part
        for whole in wholes
        if isinstance(whole, Mapping)
        for part in (whole, *map(whole.get, VOC_METRICS))
    ]
    return any(
        isinstance(part, Mapping) and "per_class" in part and ("mAP" in part or "AP" in part)
        for part in parts
    )


def in_common(first: Matches, second: Matches) -> tuple[Common, Common, Common]:
    """Images, objects and detections; boxes to a hundredth of a pixel, scores as both round them.

    Whether an object is excused does not count: rules say so.
    """
    sides = first, second
    images = [set(side.image_ids) for side in sides]
    ids = {image_id: number for number, image_id in enumerate(images[0] | images[1])}
    names = sorted({*first.class_names, *second.class_names})
    digits = [side.rules.score_decimals for side in sides if side.rules.score_decimals is not None]
    corners = [side.rules.box_decimals for side in sides if side.rules.box_decimals is not None]
    objects, detections = [], []
    for side in sides:
        image = np.array([ids[image_id] for image_id in side.image_ids], np.int64)
        label = np.array([names.index(name) for name in side.class_names], np.int64)
        truth, scores = side.truth, np.round(side.scores, min(digits, default=6))
        columns = image[truth.images], label[truth.labels], np.round(truth.boxes, _HUNDREDTH)
        objects.append(np.column_stack(columns))
        boxes = np.round(side.boxes, min(corners, default=_HUNDREDTH))
        detections.append(np.column_stack([image[side.images], label[side.labels], scores, boxes]))
    return (
        Common("image", len(images[0]), len(images[1]), len(images[0] & images[1])),
        _common("object", objects),
        _common("detection", detections),
    )


def _common(what: str, sides: Sequence[NDArray[Any]]) -> Common:
    """Rows that both have; what is there twice counts twice."""
    first, second = sides
    rows = np.ascontiguousarray(np.concatenate(sides) + 0.0)  # of -0.0 and 0.0 the second
    keys = rows.view(np.dtype((np.void, rows.itemsize * rows.shape[1]))).ravel()
    _, number = np.unique(keys, return_inverse=True)
    many = int(number.max(initial=-1)) + 1
    times = [np.bincount(part, minlength=many) for part in np.split(number, [len(first)])]
    return Common(what, len(first), len(second), int(np.minimum(*times).sum()))


def pairs_of(
    first: Mapping[Measure, float | None], second: Mapping[Measure, float | None]
) -> list[Pair]:
    """The means that are laid side by side: of one name, of one metric where both have it.

    Raises: ValueError where there is none.
    """
    sides = [[m for m in side if m.class_index is None] for side in (first, second)]
    found = [(ours, m) for ours in sides[0] for m in sides[1] if _alike(ours.name, m.name)]
    alike = [(ours, m) for ours, m in found if ours.metric == m.metric]
    if not found:
        names = [", ".join(measure.key for measure in side) for side in sides]
        raise ValueError(
            f"two results must have a mean in common, got {names[0]} and {names[1]}; evaluate both "
            "at one threshold"
        )
    return (alike or found)[:MOST]


def _alike(name: str, other: str) -> bool:
    return name == other or other in (_OF_COCO.get(name),) or name in (_OF_COCO.get(other),)


class Ways(NamedTuple):
    """From one result to another, for each pair of means: numbers, steps, what ties may move.

    `ends` and `bounds` are of the first and of the second, one of each pair.
    """

    pairs: Sequence[Pair]
    ends: Sequence[Sequence[float | None]]
    steps: Sequence[Sequence[Step]]
    bounds: Sequence[Sequence[tuple[float, float] | None]]


def ways_between(
    runs: tuple[MeasuredRun, MeasuredRun],
    differences: Sequence[Common],
    numbers_of: Callable[[Kind, Sequence[str]], Numbers],
) -> Ways:
    """The first's files by rules that become the second's one by one; then what is left.

    `numbers_of`: of the first's files by a kind of rules and these metrics.
    Raises: ValueError where they have no mean in common, or the files are not at hand.
    """
    pairs = pairs_of(*(run.measured.values for run in runs))
    metrics = [measure.metric or "" for pair in pairs for measure in pair]
    rules = rules_in(runs[0].result), rules_in(runs[1].result)
    numbers = {each.kind: numbers_of(each.kind, metrics) for each in rules}
    sides = [*zip(*pairs)]
    ends = [[value_of(run.measured.values, m) for m in side] for run, side in zip(runs, sides)]
    bounds = [[tie_bounds(numbers[of.kind], of, m) for m in side] for of, side in zip(rules, sides)]
    steps = [steps_between(pair, rules, numbers) for pair in pairs]
    return Ways(pairs, ends, [*map(add, steps, rest(differences, ends, steps))], bounds)


def steps_between(
    pair: Pair, rules: tuple[Rules, Rules], numbers: Mapping[Kind, Numbers]
) -> list[Step]:
    """Each rule that differs and what it adds, one after the other; `numbers` by the kind.

    Between kinds the way of matching comes first, by our rules of the second.
    """
    first, second = pair
    ours, theirs = rules
    before = value_of(numbers[ours.kind](ours), first)
    steps = []
    if ours.kind != theirs.kind:
        way = _COCOS_WAY if theirs.kind == "coco" else _VOCS_WAY
        ours, first = theirs.usual, second
        after = value_of(numbers[ours.kind](ours), first)
        steps.append(Step(way, _apart(before, after)))
        before = after
    for field in fields(Rules):
        value = getattr(theirs, field.name)
        if value != getattr(ours, field.name):
            told = _told(ours, theirs, field.name)
            ours = replace(ours, **{field.name: value})
            after = value_of(numbers[ours.kind](ours), first)
            steps.append(Step(told, _apart(before, after)))
            before = after
    if first.metric != second.metric:
        after = value_of(numbers[ours.kind](ours), second)
        metrics = [metric_title(measure.metric or "") for measure in (second, first)]
        steps.append(Step(f"{metrics[0]} AP in place of {metrics[1]}", _apart(before, after)))
    return steps


def rest(
    differences: Sequence[Common],
    ends: Sequence[Sequence[float | None]],
    ways: Sequence[Sequence[Step]],
) -> list[list[Step]]:
    """What is left of each way when the rules are alike, and whose it is."""
    shares = []
    for before, after, steps in zip(*ends, ways):
        known = [before, after, *(step.share for step in steps)]
        whole = None if None in known else _apart(before, after)
        shares.append(None if whole is None else whole - sum(s.share or 0.0 for s in steps))
    if all(share is None or abs(share) < _STILL for share in shares):
        return [[] for _ in ways]
    others = [f"{one.what}s" for one in differences if not one.alike]
    told = f"other {' and '.join(others)}" if others else "what no rule here tells"
    return [[Step(told, share)] for share in shares]


def _told(ours: Rules, theirs: Rules, name: str) -> str:
    """What the second does, or does no more."""
    if getattr(theirs, name) != getattr(theirs.usual, name):
        return in_words(theirs.alone(name))[0]
    return f"no longer: {in_words(ours.alone(name))[0]}"


def _apart(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else after - before
