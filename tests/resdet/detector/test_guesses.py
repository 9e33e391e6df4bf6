"""Whose classes a localiser is asked for; classifiers are in commands/test_eval_loc.py."""

import pytest

from resdet.detector.guesses import ORACLE, OWN, guesses
from resdet.detector.inference import load_detector


@pytest.fixture
def detector(tiny_localiser):
    return load_detector(tiny_localiser, "tv", "cpu")


def test_true_classes_are_placed_and_no_others(detector, localisation_data):
    table = guesses(detector, localisation_data, ORACLE)
    truths = [record.ground_truth for record in localisation_data.records]
    assert table.labels.tolist() == [truth.labels[0] for truth in truths]
    assert table.scores.tolist() == [1.0] * len(truths)


def test_own_classes_are_five_by_falling_score(detector, localisation_data):
    table = guesses(detector, localisation_data, OWN)
    assert len(table) == 5 * len(localisation_data)
    assert (table.scores.reshape(-1, 5)[:, 1:] <= table.scores.reshape(-1, 5)[:, :-1]).all()
