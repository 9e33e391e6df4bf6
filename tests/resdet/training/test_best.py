"""The best score, and when a run has waited long enough for a better."""

from resdet.training.best import Best


def test_equal_scores_are_no_better_and_are_waited_for():
    best = Best(patience=2)
    assert best.take(0.25, 10)
    assert not best.take(0.25, 20)
    assert (best.score, best.iteration, best.waited, best.is_over) == (0.25, 10, 1, False)
    assert best.take(0.5, 30)
    assert (best.waited, str(best)) == (0, "50.0 at 30")
    assert not best.take(0.1, 40)
    assert not best.take(0.4, 50)
    assert best.is_over


def test_without_patience_nothing_ends():
    best = Best()
    assert best.take(0.5, 1)
    assert not any(best.take(0.1, at) for at in range(2, 50))
    assert not best.is_over


def test_of_a_score_of_zero_one_may_be_better():
    best = Best(patience=1)
    assert best.take(0.0, 5)
    assert best.take(0.1, 6)
