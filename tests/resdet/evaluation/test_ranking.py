"""What an AP is made of, by hand."""

import numpy as np
import pytest

from resdet.evaluation.ranking import Ranking

HITS = np.array([True, False, False, True, True])  # of 4 objects


def test_counts_stand_at_the_true_positives():
    ranking = Ranking.of(HITS, 4)
    assert ranking.found.tolist() == [1, 2, 3]
    assert ranking.seen.tolist() == [1, 4, 5]
    assert ranking.recall.tolist() == [0.25, 0.5, 0.75]
    assert ranking.precision.tolist() == [1, 0.6, 0.6]  # 2 / 4 is bettered further on


def test_precision_is_that_of_the_first_to_reach_a_recall():
    at = Ranking.of(HITS, 4).precision_at(np.array([0, 0.25, 0.26, 0.75, 0.76, 1]))
    assert at.tolist() == [1, 1, 0.6, 0.6, 0, 0]


def test_nothing_found():
    ranking = Ranking.of(np.zeros(3, bool), 4)
    assert ranking.precision.tolist() == ranking.recall.tolist() == []
    assert ranking.precision_at(np.array([0, 0.5])).tolist() == [0, 0]


@pytest.mark.parametrize("objects", range(1, 41))
def test_a_recall_as_a_quotient_is_reached_by_its_own_share(objects):
    ranking = Ranking.of(np.ones(objects, bool), objects)
    shares = np.arange(41) / 40
    reached = np.searchsorted(ranking.recall, shares)
    assert (40 * (reached + 1) >= np.arange(41) * objects).all()
    assert (40 * reached < np.arange(41) * objects)[1:].all()
