from __future__ import annotations

import numpy as np
import pytest

from resdet.evaluation.analysis.confusion import confusion_matrix
from resdet.evaluation.matches import IGNORED, TRUE_POSITIVE
from resdet.evaluation.rules import Rules

CAT, DOG = 0, 1
A, B, FAR = [0, 0, 10, 10], [100, 0, 110, 10], [300, 0, 310, 10]


def test_by_hand(matched) -> None:
    truth = {"a": [(CAT, A, False), (DOG, B, False), (CAT, FAR, False), (DOG, FAR, True)]}
    matches = matched(
        truth,
        [
            ("a", CAT, 0.9, A),
            ("a", CAT, 0.8, B),  # the dog taken for a cat
            ("a", CAT, 0.7, [100, 0, 110, 9]),  # the dog is taken: background
            ("a", DOG, 0.6, FAR),  # difficult: not here
            ("a", DOG, 0.1, B),  # below the threshold
        ],
    )
    expected = [[1, 0, 1], [1, 0, 0], [1, 0, 0]]
    assert confusion_matrix(matches, 0.5).tolist() == expected
    assert confusion_matrix(matches, 0.7).tolist() == expected  # 0.7 itself stays
    assert confusion_matrix(matches, 0.71).tolist() == [[1, 0, 1], [1, 0, 0], [0, 0, 0]]
    # the dog is found at last: the cats on it are background
    assert confusion_matrix(matches, 0.1).tolist() == [[1, 0, 1], [0, 1, 0], [2, 0, 0]]


def test_an_own_class_in_reach_is_no_confusion(matched) -> None:
    truth = {"a": [(CAT, A, False), (CAT, [0, 0, 10, 9], False)]}
    twice = [("a", CAT, 0.9, A), ("a", CAT, 0.8, A)]  # the devkit's rule: the second is false
    assert confusion_matrix(matched(truth, twice), 0.0).tolist() == [
        [1, 0, 1],
        [0, 0, 0],
        [1, 0, 0],
    ]


def test_the_surest_takes_first_and_takes_the_nearest(matched) -> None:
    truth = {"a": [(DOG, A, False), (DOG, [0, 0, 10, 8], False)]}
    near = {"a": [(DOG, A, False), (2, [0, 0, 10, 8], False)]}
    one = matched(near, [("a", CAT, 0.5, [0, 0, 10, 8])], classes=["cat", "dog", "emu"])
    assert confusion_matrix(one, 0.0)[:, CAT].tolist() == [0, 0, 1, 0]
    both = [("a", CAT, 0.5, [0, 0, 10, 8]), ("a", CAT, 0.4, [0, 0, 10, 8])]
    assert confusion_matrix(matched(truth, both), 0.0)[DOG].tolist() == [2, 0, 0]
    three = {"a": [(DOG, A, False)], "b": []}
    rivals = [("a", CAT, 0.4, A), ("a", 2, 0.6, [0, 0, 10, 6]), ("b", CAT, 0.9, A)]
    matrix = confusion_matrix(matched(three, rivals, classes=["cat", "dog", "emu"]), 0.0)
    assert matrix.tolist() == [[0, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 0], [2, 0, 0, 0]]


def test_the_bound_is_that_of_the_rule(matched) -> None:
    truth, half = {"a": [(DOG, A, False)]}, [("a", CAT, 0.9, [0, 0, 10, 5])]
    assert confusion_matrix(matched(truth, half), 0.0)[DOG, CAT] == 1
    assert confusion_matrix(matched(truth, half, rules=Rules("voc", "gt")), 0.0)[DOG, CAT] == 0


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("score", [0.0, 0.5, 2.0])
def test_rows_are_objects_and_columns_detections(
    random_matches, seed: int, score: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    matches = random_matches(seed)
    matrix = confusion_matrix(matches, score)
    sure = matches.scores >= score
    counted = sure & (matches.verdicts[0] != IGNORED)
    found = sure & (matches.verdicts[0] == TRUE_POSITIVE)
    assert matrix[:-1].sum(axis=1).tolist() == matches.num_positives.tolist()
    assert (
        matrix[:, :-1].sum(axis=0).tolist()
        == np.bincount(matches.labels[counted], minlength=3).tolist()
    )
    assert np.diag(matrix)[:-1].tolist() == np.bincount(matches.labels[found], minlength=3).tolist()
    assert matrix[-1, -1] == 0
    monkeypatch.setattr("resdet.evaluation.pairs._ROWS_AT_ONCE", 5)
    np.testing.assert_array_equal(confusion_matrix(matches, score), matrix)


def test_of_nothing(matched) -> None:
    assert not confusion_matrix(matched({"a": []}, []), 0.0).any()
