from __future__ import annotations

import numpy as np
import pytest

from resdet.evaluation.analysis.curves import Curve, class_curves, curves_json, pooled_curve
from resdet.evaluation.average_precision import average_precision
from resdet.evaluation.matches import IGNORED, TRUE_POSITIVE
from resdet.evaluation.rules import COCO

CAT, DOG = 0, 1
A, B, FAR = [0, 0, 10, 10], [100, 0, 110, 10], [300, 0, 310, 10]


def curve(scores: list[float], hits: list[int], positives: int) -> Curve:
    return Curve.of(np.array(scores), np.array(hits, bool), positives)


def test_precision_and_recall() -> None:
    drawn = curve([0.9, 0.8, 0.7], [1, 0, 1], 4)
    assert drawn.precision.tolist() == [1, 1 / 2, 2 / 3]
    assert drawn.recall.tolist() == [1 / 4, 1 / 4, 1 / 2]
    points = drawn.at_recalls()
    assert points[:26].tolist() == [1] * 26  # recall 0.25 itself is reached
    assert points[26:51].tolist() == [2 / 3] * 25
    assert points[51:].tolist() == [0] * 50


def test_the_mean_of_the_points_is_cocos_ap(random_matches) -> None:
    matches = random_matches(3)
    positives = matches.num_positives
    for label, rows in matches.rows_of_classes():
        verdicts = matches.verdicts[0, rows]
        hits = verdicts[verdicts != IGNORED] == TRUE_POSITIVE
        ap = average_precision(hits, int(positives[label]), "101point", COCO.recall)
        drawn = class_curves(matches)[matches.class_names[label]]
        assert drawn.at_recalls().mean() == pytest.approx(ap, abs=1e-12)


def test_best_f1_by_hand() -> None:
    # F1 after each: 2/5, 2/6, 4/7, 4/8
    assert curve([0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0], 4).best_f1() == {
        "score": 0.7,
        "precision": 2 / 3,
        "recall": 1 / 2,
        "f1": pytest.approx(4 / 7),
    }


def test_a_cut_parts_no_equal_scores() -> None:
    tied = curve([0.9, 0.5, 0.5, 0.5], [1, 1, 0, 0], 2)  # 1 1 | 0 0 would have F1 1
    assert tied.best_f1() == {
        "score": 0.9,
        "precision": 1.0,
        "recall": 0.5,
        "f1": pytest.approx(2 / 3),  # and 4 / 6 at 0.5: the higher cut of equals
    }


def test_best_f1_where_there_is_none() -> None:
    assert set(curve([0.9], [0], 0).best_f1().values()) == {None}
    nothing = {"score": None, "precision": None, "recall": 0.0, "f1": 0.0}
    assert curve([0.9, 0.8], [0, 0], 3).best_f1() == nothing
    assert curve([], [], 3).best_f1() == nothing


def test_best_f1_is_the_best_of_all_cuts(random_matches) -> None:
    for seed in range(5):
        pooled = pooled_curve(random_matches(seed))
        hits = np.diff(pooled.found, prepend=0)
        cuts = {
            cut: 2
            * hits[pooled.scores >= cut].sum()
            / ((pooled.scores >= cut).sum() + pooled.num_positives)
            for cut in np.unique(pooled.scores)
        }
        best = pooled.best_f1()
        assert best["f1"] == pytest.approx(max(cuts.values()))
        assert best["score"] == max(c for c, f1 in cuts.items() if f1 == max(cuts.values()))


def test_classes_apart_and_together(matched) -> None:
    truth = {"a": [(CAT, A, False), (CAT, B, True)], "b": [(DOG, A, False), (DOG, B, False)]}
    matches = matched(
        truth,
        [
            ("a", CAT, 0.9, B),  # ignored
            ("a", CAT, 0.8, A),
            ("b", DOG, 0.95, FAR),
            ("b", DOG, 0.5, A),
            ("b", DOG, 0.4, FAR),
        ],
        classes=["cat", "dog", "emu"],
    )
    curves = class_curves(matches)
    assert curves["cat"].scores.tolist() == [0.8]
    assert curves["dog"].found.tolist() == [0, 1, 1]
    assert curves["emu"].num_positives == 0
    pooled = pooled_curve(matches)
    assert pooled.scores.tolist() == [0.95, 0.8, 0.5, 0.4]
    assert (pooled.found.tolist(), pooled.num_positives) == ([0, 1, 2, 2], 3)
    drawn = curves_json(curves)
    assert drawn["per_class"]["emu"] is None
    assert drawn["recall"][::50] == [0.0, 0.5, 1.0]
    assert drawn["mean"][::50] == [0.75, 0.75, 0.5]  # of cat 1 1 1 and dog 1/2 1/2 0
    assert curves_json({})["mean"] is None
