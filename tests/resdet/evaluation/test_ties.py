"""What the order of equal scores leaves open: by hand, and against the rules that count them."""

from dataclasses import replace

import pytest

from resdet.evaluation.rules import DEVKIT
from resdet.evaluation.ties import is_felt, told_of_ties

BOX, FAR = [0, 0, 10, 10], [50, 50, 60, 60]


def test_equal_scores_of_one_class(matched):
    found = [("a", 0, 0.5, FAR), ("a", 0, 0.5, BOX), ("a", 1, 0.5, FAR)]
    matches = matched({"a": [(0, BOX, False)]}, found)
    assert told_of_ties(matches, ["area", "11point"]) == [
        "equal scores in another order: area mAP from 50.0 to 100.0",
        "equal scores in another order: 11-point mAP from 50.0 to 100.0",
    ]
    other = [("a", 0, 0.6, FAR), *found[1:]]
    assert told_of_ties(matched({"a": [(0, BOX, False)]}, other), ["area"]) == []
    assert told_of_ties(matched({"a": []}, []), ["area"]) == []
    unsorted = replace(matches, rules=replace(DEVKIT, ties="unsorted"))
    assert told_of_ties(unsorted, ["area"]) == []


@pytest.mark.parametrize("seed", range(3))
def test_bounds_are_those_of_the_rules_that_count_them(random_matches, seed):
    matches = random_matches(seed)
    worst, best = (
        replace(matches, rules=replace(DEVKIT, ties=order))
        for order in ("false-first", "true-first")
    )
    worst, best = (side.mean(side.average_precisions("area"))["0.50"] for side in (worst, best))
    assert is_felt(worst, best)
    told = f"area mAP from {100 * worst:.1f} to {100 * best:.1f}"
    assert told_of_ties(matches, ["area"]) == [f"equal scores in another order: {told}"]


def test_a_tenth_of_a_point_is_felt():
    assert [is_felt(*b) for b in ((0.5, 0.501), (0.5, 0.5009), (None, 0.5), (0.5, None))] == [
        *(True, False),
        *(False, False),
    ]
