"""AP of one class by each metric, by hand."""

import numpy as np
import pytest

from resdet.evaluation.average_precision import (
    OWN,
    average_precision,
    mean_known,
    metric_title,
    threshold_key,
)
from resdet.evaluation.registry import OWN_METRICS, register_metric

HITS = np.array([True, False, False, True, True])  # of 4: precision 1 at 0.25, then 0.6 to 0.75


def test_every_metric_of_ours_has_its_function():
    assert tuple(OWN) == OWN_METRICS


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("area", (1 + 0.6 + 0.6) / 4),
        ("11point", (3 * 1 + 5 * 0.6) / 11),  # 0 to 0.2, 0.3 to 0.7
        ("101point", (26 * 1 + 50 * 0.6) / 101),  # 0 to 0.25, 0.26 to 0.75
    ],
)
def test_by_hand(metric, expected):
    assert average_precision(HITS, 4, metric) == pytest.approx(expected, abs=1e-15)


@pytest.mark.parametrize("metric", OWN_METRICS)
def test_without_objects_or_detections(metric):
    assert average_precision(HITS, 0, metric) is None
    assert average_precision(HITS[:0], 4, metric) == 0


@pytest.mark.parametrize(("recall", "points"), [("tenths", 4), ("numpy", 3), ("matlab", 3)])
def test_three_of_ten_reach_three_tenths_exactly(recall, points):
    assert average_precision(np.ones(3, bool), 10, "11point", recall) == points / 11


def test_pycocotools_has_a_hair_less_than_one():
    assert 1 - 1e-15 < average_precision(np.ones(1, bool), 1, "101point") < 1


def test_an_added_metric_is_asked_with_the_counts(fresh_plugins):
    register_metric("last", lambda ranking: ranking.precision_at(np.array([0.75]))[0])
    assert average_precision(HITS, 4, "last") == 0.6
    assert average_precision(HITS, 0, "last") is None


@pytest.mark.parametrize("value", [np.nan, -0.1, 100.0])
def test_an_added_metric_gives_a_fraction(fresh_plugins, value):
    register_metric("percent", lambda ranking: value)
    with pytest.raises(ValueError, match=rf"metric percent must give a fraction, got {value}"):
        average_precision(HITS, 4, "percent")


def test_an_unknown_metric_is_answered_with_what_there_is(fresh_plugins):
    with pytest.raises(ValueError, match="must be 11point, area or 101point, got 'x'.*RESDET_PLUG"):
        average_precision(HITS, 4, "x")


def test_titles():
    assert [metric_title(name) for name in ("11point", "area", "mine")] == [
        "11-point",
        "area",
        "mine",
    ]


def test_the_mean_is_of_what_is_known():
    assert mean_known([None, 1.0, 0.0]) == 0.5
    assert mean_known([None]) is None


def test_thresholds_have_two_digits_or_what_they_need():
    assert [threshold_key(t) for t in (0.5, 0.55, 0.125)] == ["0.50", "0.55", "0.125"]
