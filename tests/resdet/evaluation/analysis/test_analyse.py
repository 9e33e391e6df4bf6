from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from resdet.evaluation.analysis.analyse import analyse
from resdet.evaluation.analysis.errors import ERRORS
from resdet.evaluation.rules import COCO
from resdet.evaluation.voc.score import score_voc

CAT, DOG = 0, 1
A, B, FAR = [0, 0, 10, 10], [100, 0, 110, 10], [300, 0, 310, 10]


def test_numbers_agree_with_each_other(random_matches) -> None:
    matches = random_matches(1)
    analysis = analyse(matches, "11point")
    result = score_voc(matches, "11point")
    assert analysis["AP"] == result["mAP"]["0.50"]
    assert analysis["per_class"] == {n: aps["0.50"] for n, aps in result["per_class"].items()}
    errors = analysis["errors"]
    false = sum(errors[kind]["count"] for kind in ERRORS[:-1])
    assert false == errors["all false positives"]["count"]
    assert analysis["correct"] + analysis["ignored"] + false == analysis["num_detections"]
    assert analysis["num_objects"] == analysis["correct"] + errors["all misses"]["count"]
    assert analysis["confusion"]["score"] == analysis["best_f1"]["all"]["score"]
    matrix = np.array(analysis["confusion"]["matrix"])
    assert matrix.shape == (4, 4)
    assert matrix[:-1].sum() == analysis["num_objects"]
    assert analysis["confusion"]["classes"] == ["a", "b", "c", "background"]
    assert (analysis["metric"], analysis["iou_rule"], analysis["threshold"]) == (
        "11point",
        "ge",
        0.5,
    )


def test_the_score_of_the_confusion_can_be_chosen(random_matches) -> None:
    matches = random_matches(1)
    assert analyse(matches, "area", score=0.0)["confusion"]["score"] == 0.0
    nothing = np.array(analyse(matches, "area", score=2.0)["confusion"]["matrix"])
    assert nothing[:, :-1].sum() == 0


def test_only_the_first_threshold_counts(random_matches) -> None:
    matches = random_matches(1)
    more = replace(
        matches,
        thresholds=(0.5, 0.95),
        verdicts=np.concatenate([matches.verdicts, -np.abs(matches.verdicts)]),
        objects=np.repeat(matches.objects, 2, axis=0),
    )
    two, one = analyse(more, "area"), analyse(matches, "area")
    assert list(two.pop("sizes")["small"]["mAP"]) == ["0.50", "0.95"]
    one.pop("sizes")
    assert two == one


def test_coco_leaves_the_sizes_to_the_twelve(random_matches) -> None:
    assert analyse(replace(random_matches(1), rules=COCO), "101point")["sizes"] is None


@pytest.mark.parametrize("threshold", [0.05, 0.1, 0.5, 1.0])
def test_any_threshold_has_a_background(matched, threshold: float) -> None:
    truth = {"a": [(CAT, A, False), (DOG, B, False)]}
    matches = matched(truth, [("a", CAT, 0.9, A), ("a", DOG, 0.8, FAR)], threshold=threshold)
    analysis = analyse(matches, "area")
    assert analysis["background"] == (0.1 if threshold > 0.1 else threshold / 5)
    assert analysis["errors"]["background"]["count"] == 1


@pytest.mark.parametrize(
    ("truth", "detections", "classes"),
    [
        ({"a": []}, [], ["cat"]),
        ({"a": []}, [("a", CAT, 0.5, A)], ["cat", "dog"]),
        ({"a": [(CAT, A, False)]}, [], ["cat", "dog"]),
        ({"a": [(CAT, A, True)]}, [("a", CAT, 0.5, A)], ["cat"]),
        ({}, [], []),
    ],
)
def test_of_little_it_is_strict_json(matched, truth, detections, classes) -> None:
    analysis = analyse(matched(truth, detections, classes=classes), "area")
    assert json.loads(json.dumps(analysis, allow_nan=False)) == analysis
    assert analysis["confusion"]["score"] == 0.0
    assert analysis["AP"] == (0.0 if any(truth.values()) and not detections else None)
