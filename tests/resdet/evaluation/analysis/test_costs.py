"""Costs by hand, then against every kind mended slowly, one detection at a time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from resdet.evaluation.analysis.costs import ALL_FALSE_POSITIVES, ALL_MISSES, error_costs
from resdet.evaluation.analysis.errors import ERRORS, KINDS, error_kinds
from resdet.evaluation.matches import Matches
from resdet.evaluation.rules import DETECTRON2, DEVKIT
from resdet.structures.boxes import iou

CAT, DOG = 0, 1
A, B, FAR = [0, 0, 10, 10], [100, 0, 110, 10], [300, 0, 310, 10]
NEAR_B = [104, 0, 114, 10]  # IoU 60 / 140


def costs(matches: Matches) -> dict:
    return error_costs(matches, error_kinds(matches), "area")


def gains(matches: Matches, name: str = "cat") -> dict[str, float]:
    found = {kind: cost["per_class"][name]["dAP"] for kind, cost in costs(matches).items()}
    return {kind: pytest.approx(gain) for kind, gain in found.items() if gain}


def counts(matches: Matches) -> dict[str, int]:
    return {kind: cost["count"] for kind, cost in costs(matches).items() if cost["count"]}


def test_a_box_out_of_place_becomes_a_hit(matched) -> None:
    truth = {"a": [(CAT, A, False), (CAT, B, False)]}
    matches = matched(
        truth, [("a", CAT, 0.9, A), ("a", CAT, 0.8, A), ("a", CAT, 0.7, NEAR_B)], classes=["cat"]
    )
    assert gains(matches) == {
        "localisation": 1 / 2 * 2 / 3,  # hits 1 0 1 of two objects
        ALL_MISSES: 1 / 2,  # hits 1 0 0 of one object
    }
    assert counts(matches) == {
        "localisation": 1,
        "duplicate": 1,
        ALL_FALSE_POSITIVES: 2,
        ALL_MISSES: 1,
    }


def test_only_the_surest_for_an_object_not_found(matched) -> None:
    one = {"a": [(CAT, B, False)]}
    twice = [("a", CAT, 0.8, NEAR_B), ("a", CAT, 0.6, [105, 0, 115, 10])]
    unfound = costs(matched(one, twice, classes=["cat"]))
    assert unfound["localisation"]["dAP"] == 1.0  # the second is gone, not another hit
    found = matched(one, [("a", CAT, 0.9, NEAR_B), ("a", CAT, 0.5, B)], classes=["cat"])
    assert gains(found)["localisation"] == 1 / 2  # gone, as B is found by another: 0 1 -> 1


def test_a_wrong_class_goes_to_the_right_one(matched) -> None:
    truth = {"a": [(CAT, A, False), (DOG, B, False), (DOG, FAR, False)]}
    matches = matched(truth, [("a", CAT, 0.9, B), ("a", CAT, 0.5, A), ("a", DOG, 0.7, FAR)])
    assert gains(matches, "cat") == {"classification": 1 / 2, ALL_FALSE_POSITIVES: 1 / 2}
    assert gains(matches, "dog") == {"classification": 1 / 2, ALL_MISSES: 1 / 2}
    per_class = costs(matches)["classification"]["per_class"]
    assert {name: row["count"] for name, row in per_class.items()} == {"cat": 1, "dog": 0}
    behind = matched(truth, [("a", CAT, 0.6, B), ("a", DOG, 0.6, [0, 50, 10, 60])])
    assert gains(behind, "dog")["classification"] == 1 / 4  # equal scores: 0 1, not 1 0


def test_false_boxes_are_gone_and_misses_are_not_asked_for(matched) -> None:
    truth = {"a": [(CAT, A, False), (CAT, FAR, False), (DOG, B, False)]}
    matches = matched(
        truth,
        [
            ("a", CAT, 0.9, [500, 0, 510, 10]),
            ("a", CAT, 0.8, NEAR_B),  # neither class nor place
            ("a", CAT, 0.7, A),
        ],
    )
    third = 1 / 2 * 1 / 3
    assert gains(matches) == {
        "background": 1 / 4 - third,
        "both": 1 / 4 - third,
        "missed": 1 / 3 - third,
        ALL_FALSE_POSITIVES: 1 / 2 - third,
        ALL_MISSES: 1 / 3 - third,
    }
    dog = gains(matches, "dog")  # never found: its misses cost all
    assert dog == {"missed": 1.0, ALL_MISSES: 1.0}
    assert costs(matches)["missed"]["dAP"] == pytest.approx((1 / 3 - third + 1) / 2)


def test_a_class_without_objects_costs_nothing_known(matched) -> None:
    matches = matched({"a": [(CAT, A, False)]}, [("a", DOG, 0.9, B)])
    assert costs(matches)["background"]["per_class"]["dog"] == {"count": 1, "dAP": None}
    assert costs(matches)["background"]["dAP"] == 0.0
    empty = costs(matched({"a": []}, []))
    assert {cost["dAP"] for cost in empty.values()} == {None}


def test_ignored_detections_are_no_error_and_stay_ignored(matched) -> None:
    truth = {"a": [(CAT, A, True), (CAT, B, False)]}
    matches = matched(truth, [("a", CAT, 0.9, A), ("a", CAT, 0.8, B)], classes=["cat"])
    assert gains(matches) == {}
    assert counts(matches) == {}


def slow_ap(rows: list[tuple[float, int, bool]], positives: int) -> float:
    """Area under the raw steps' upper envelope; rows of (score, place, hit)."""
    hits = [hit for _, _, hit in sorted(rows, key=lambda row: (-row[0], row[1]))]
    points, found = [], 0
    for i, hit in enumerate(hits):
        found += hit
        points.append((found / positives, found / (i + 1)))
    area, before = 0.0, 0.0
    for i, (recall, _) in enumerate(points):
        area += (recall - before) * max(p for _, p in points[i:])
        before = recall
    return area


def slow_gain(matches: Matches, kind: str) -> float:
    kinds = [KINDS[k] for k in error_kinds(matches).detections]
    found = set(matches.objects[0][matches.verdicts[0] == 1].tolist())
    truth, classes = matches.truth, range(len(matches.class_names))
    stands_for: dict[int, int] = {}  # object -> the surest error
    for i in np.argsort(-matches.scores, kind="stable"):
        if kinds[i] != kind or kind not in ("classification", "localisation"):
            continue
        same = truth.labels == matches.labels[i]
        wanted = same if kind == "localisation" else ~same
        here = (truth.images == matches.images[i]) & ~truth.ignored & wanted
        overlaps = np.where(here, iou(matches.boxes[i : i + 1], truth.boxes)[0], -1)
        target = int(overlaps.argmax())
        if target not in found:
            stands_for.setdefault(target, i)
    total = []
    for label in classes:
        objects = np.flatnonzero((truth.labels == label) & ~truth.ignored)
        if not len(objects):
            continue
        real, mended = [], []
        for i in range(len(matches)):
            if kinds[i] == "ignored":
                continue
            row = (matches.scores[i], i, kinds[i] == "correct")
            own = matches.labels[i] == label
            real += [row] if own else []
            if kinds[i] != kind:
                mended += [row] if own else []
            elif i in stands_for.values():
                target = next(o for o, row in stands_for.items() if row == i)
                if truth.labels[target] == label:
                    moved = 0 if own else len(matches)
                    mended.append((matches.scores[i], i + moved, True))
        total.append(slow_ap(mended, len(objects)) - slow_ap(real, len(objects)))
    return float(np.mean(total))


@pytest.mark.parametrize("seed", range(4))
def test_as_mended_slowly(random_matches, seed: int) -> None:
    matches = random_matches(seed)
    found = costs(matches)
    for kind in ERRORS[:-1]:
        assert found[kind]["dAP"] == pytest.approx(slow_gain(matches, kind), abs=1e-12), kind
        assert found[kind]["count"] > 0


def test_costs_are_of_the_mean_above_them(matched) -> None:
    """Half of what the only class with objects loses, where the mean is over both."""
    truth = {"a": [(CAT, A, False)]}
    found = [("a", CAT, 0.9, FAR), ("a", CAT, 0.5, A)]
    for mean, gain in (("objects", 0.5), ("seen", 0.5), ("listed", 0.25), ("listed-nan", 0.25)):
        matches = matched(truth, found, rules=replace(DEVKIT, mean=mean))
        assert costs(matches)["background"]["dAP"] == gain
    seen = [*found, ("a", DOG, 0.7, FAR)]
    lost = costs(matched(truth, seen, rules=replace(DEVKIT, mean="seen")))["background"]
    assert lost["dAP"] == 1 - 0.25  # without its detection no dog is seen
    matches = matched(truth, seen, rules=DETECTRON2)
    assert costs(matches)["background"]["dAP"] is None  # an area of 0 / 0
    of_points = error_costs(matches, error_kinds(matches), "11point")["background"]["dAP"]
    assert of_points == pytest.approx(0.25)
