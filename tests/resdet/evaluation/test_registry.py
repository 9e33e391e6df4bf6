"""Metrics by name: what is taken, and what an unknown name is told."""

import pytest

from resdet.evaluation.registry import VOC_METRICS, check_metric, known_metrics, register_metric


def zero(ranking):
    return 0.0


@pytest.mark.parametrize("name", ["11point", "area", "101point", "both"])
def test_names_of_ours_are_taken(name):
    with pytest.raises(ValueError, match=f"name of a metric must be new, got '{name}'"):
        register_metric(name, zero)


def test_an_added_one_is_known_beside_ours(fresh_plugins):
    register_metric("kitti", zero)
    assert known_metrics() == ("11point", "area", "101point", "kitti")
    check_metric("kitti", VOC_METRICS)
    with pytest.raises(
        ValueError, match="^--metric must be 11point, area or kitti, got 'kiti'; did"
    ):
        check_metric("kiti", VOC_METRICS, "--metric")


def test_a_name_far_from_all_is_told_where_names_come_from(fresh_plugins):
    with pytest.raises(ValueError, match="must be 11point or area, got 'x'; what is not ours is"):
        check_metric("x", VOC_METRICS)


def test_what_is_not_asked_for_is_refused(fresh_plugins):
    with pytest.raises(ValueError, match="must be 11point or area, got '101point'"):
        check_metric("101point", VOC_METRICS)
