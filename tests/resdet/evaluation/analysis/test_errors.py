"""The kind of every false positive by hand, then against a slow second writing of the rule."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from resdet.evaluation.analysis.errors import KINDS, error_kinds
from resdet.evaluation.matches import Matches
from resdet.evaluation.rules import Rules
from resdet.structures.boxes import iou

CAT, DOG = 0, 1


def slow_kinds(matches: Matches, t: float, b: float) -> list[str]:
    truth, kinds = matches.truth, []
    for i in range(len(matches)):
        if matches.verdicts[0, i] >= 0:
            kinds.append("correct" if matches.verdicts[0, i] else "ignored")
            continue
        here = (truth.images == matches.images[i]) & ~truth.ignored
        overlaps = iou(matches.boxes[i : i + 1], truth.boxes[here])[0]
        same = truth.labels[here] == matches.labels[i]
        own = max(overlaps[same], default=-1.0)
        other = max(overlaps[~same], default=-1.0)
        if b <= own < t:
            kinds.append("localisation")
        elif other >= t:
            kinds.append("classification")
        elif own >= t:
            kinds.append("duplicate")
        else:
            kinds.append("background" if max(own, other) <= b else "both")
    return kinds


def names(matches: Matches, **options) -> dict[float, str]:
    kinds = error_kinds(matches, **options).detections
    return {score: KINDS[kind] for score, kind in zip(matches.scores.tolist(), kinds)}


def test_each_kind_once(matched) -> None:
    cat, dog = [0, 0, 10, 10], [100, 0, 110, 10]
    lost, hard = [200, 0, 210, 10], [300, 0, 310, 10]
    truth = {"a": [(CAT, cat, False), (DOG, dog, False), (CAT, lost, False), (DOG, hard, True)]}
    matches = matched(
        truth,
        [
            ("a", CAT, 0.9, cat),
            ("a", CAT, 0.8, [0, 0, 10, 9]),  # found again
            ("a", CAT, 0.7, dog),  # a cat where the dog is
            ("a", DOG, 0.6, [104, 0, 114, 10]),  # IoU 60 / 140 with the dog
            ("a", CAT, 0.5, [104, 0, 114, 10]),  # neither its class nor its place
            ("a", DOG, 0.4, [400, 0, 410, 10]),
            ("a", DOG, 0.3, hard),
        ],
    )
    assert names(matches) == {
        0.9: "correct",
        0.8: "duplicate",
        0.7: "classification",
        0.6: "localisation",
        0.5: "both",
        0.4: "background",
        0.3: "ignored",
    }
    kinds = error_kinds(matches)
    rows = {score: i for i, score in enumerate(matches.scores.tolist())}
    targets = {
        s: matches.truth.boxes[t].tolist() for s in rows if (t := kinds.targets[rows[s]]) >= 0
    }
    assert targets == {0.9: cat, 0.8: cat, 0.7: dog, 0.6: dog}
    assert matches.truth.boxes[kinds.found].tolist() == [cat]
    assert matches.truth.boxes[kinds.missed].tolist() == [lost]  # the dog has errors to its name
    assert kinds.counts() == dict.fromkeys(KINDS, 1)


def test_a_box_that_fits_two_kinds(matched) -> None:
    both = {"a": [(CAT, [0, 0, 10, 10], False), (DOG, [0, 0, 10, 10], False)]}
    again = matched(both, [("a", CAT, 0.9, [0, 0, 10, 10]), ("a", CAT, 0.8, [0, 0, 10, 10])])
    assert names(again)[0.8] == "classification"  # before duplicate
    beside = {"a": [(CAT, [0, 0, 10, 10], False), (DOG, [5, 0, 15, 10], False)]}
    assert names(matched(beside, [("a", CAT, 0.5, [6, 0, 16, 10])]))[0.5] == "localisation"


def test_bounds_are_those_of_the_rule(matched) -> None:
    truth = {"a": [(CAT, [0, 0, 10, 10], False)]}
    half = [("a", CAT, 0.9, [0, 0, 10, 10]), ("a", CAT, 0.5, [0, 0, 10, 5])]
    tenth = [("a", CAT, 0.5, [0, 0, 10, 1])]
    assert names(matched(truth, half))[0.5] == "duplicate"
    above = Rules("voc", "gt")
    assert names(matched(truth, half, rules=above))[0.5] == "localisation"
    assert names(matched(truth, half, rules=above))[0.9] == "correct"
    assert names(matched(truth, tenth))[0.5] == "localisation"  # 0.1 itself
    other = [("a", DOG, 0.5, [0, 0, 10, 1])]
    assert names(matched(truth, other))[0.5] == "background"  # 0.1 itself
    assert names(matched(truth, other), background=0.09)[0.5] == "both"
    assert names(matched(truth, half, threshold=0.75))[0.5] == "localisation"
    with pytest.raises(ValueError, match=r"background must be in \(0, 0.5\)"):
        error_kinds(matched(truth, half), background=0.5)


@pytest.mark.parametrize(("threshold", "background"), [(0.5, 0.1), (0.1, 0.02), (0.05, 0.01)])
def test_the_background_follows_low_thresholds(matched, threshold, background) -> None:
    truth = {"a": [(CAT, [0, 0, 10, 10], False)]}
    near = [("a", CAT, 0.5, [0, 0, 10, 10 * background + 0.01])]
    matches = matched(truth, near, threshold=threshold)
    assert error_kinds(matches).background == pytest.approx(background)
    assert names(matches)[0.5] == "localisation"


def test_ignored_objects_take_no_part(matched) -> None:
    truth = {"a": [(CAT, [0, 0, 10, 10], True)]}
    near = [("a", CAT, 0.9, [4, 0, 14, 10]), ("a", DOG, 0.8, [0, 0, 10, 10])]
    assert set(names(matched(truth, near)).values()) == {"background"}
    assert not error_kinds(matched(truth, near)).missed.any()


def test_of_equal_overlaps_the_first_object_is_the_target(matched) -> None:
    cat, near, far = [0, 0, 10, 10], [6, 0, 16, 10], [100, 0, 110, 10]
    truth = {"a": [(CAT, far, False), (CAT, cat, False), (CAT, cat, False)]}
    assert error_kinds(matched(truth, [("a", CAT, 0.9, near)])).targets.tolist() == [1]
    assert error_kinds(matched(truth, [("a", DOG, 0.9, cat)])).targets.tolist() == [1]


def test_nothing_found_and_nothing_to_find(matched) -> None:
    empty = matched({"a": []}, [])
    assert sum(error_kinds(empty).counts().values()) == 0
    assert names(matched({"a": []}, [("a", CAT, 0.5, [0, 0, 1, 1])])) == {0.5: "background"}
    missed = error_kinds(matched({"a": [(CAT, [0, 0, 9, 9], False)]}, [])).missed
    assert missed.tolist() == [True]


@pytest.mark.parametrize("seed", range(8))
def test_as_the_rule_written_slowly(
    random_matches, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    matches = random_matches(seed)
    expected = slow_kinds(matches, 0.5, 0.1)
    assert len(set(expected)) >= 5
    kinds = error_kinds(matches)
    assert [KINDS[k] for k in kinds.detections] == expected
    monkeypatch.setattr("resdet.evaluation.pairs._ROWS_AT_ONCE", 7)
    in_blocks = error_kinds(matches)
    for name in vars(kinds):
        np.testing.assert_array_equal(getattr(kinds, name), getattr(in_blocks, name))
    shuffled = np.random.default_rng(seed).permutation(len(matches.truth))
    inverse = np.argsort(shuffled)
    truth = replace(
        matches.truth, **{k: column[shuffled] for k, column in vars(matches.truth).items()}
    )
    objects = np.where(matches.objects < 0, -1, inverse[matches.objects])
    moved = error_kinds(replace(matches, truth=truth, objects=objects))
    assert moved.counts() == kinds.counts()
