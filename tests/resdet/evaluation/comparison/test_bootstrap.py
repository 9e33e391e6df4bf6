"""A resample equals an evaluation of the resampled images; intervals and p-values by hand."""

from dataclasses import replace

import numpy as np
import pytest

from resdet.evaluation import DetectionTable, match_voc
from resdet.evaluation.comparison.bootstrap import (
    draw_training_noise,
    draw_weights,
    interval,
    resampled_ap,
)
from resdet.evaluation.registry import register_metric
from resdet.evaluation.rules import DEVKIT
from resdet.structures.records import GroundTruth

METRICS = ("11point", "area", "101point")
CLASSES = ("a", "b", "c", "never there")
THRESHOLDS = (0.5, 0.75)


def random_data(seed, images=12):
    """Ground truth with ignored objects, and detections with equal scores."""
    random = np.random.default_rng(seed)
    truth, columns = {}, []
    for image in range(images):
        n = int(random.integers(0, 5))
        corners = random.uniform(0, 100, (n, 2))
        boxes = np.concatenate([corners, corners + random.uniform(10, 40, (n, 2))], axis=1)
        labels = random.integers(0, 3, n)
        truth[image] = GroundTruth(boxes, labels, random.random(n) < 0.2)
        for box, label in zip(boxes, labels):
            for _ in range(int(random.integers(0, 4))):
                columns.append((image, label, random.integers(1, 8) / 8, box + random.normal(0, 3)))
        columns.append((image, int(random.integers(0, 4)), random.random(), [0, 0, 9, 9]))
    order = random.permutation(len(columns))
    image, label, score, box = zip(*[columns[i] for i in order])
    table = DetectionTable(
        tuple(range(images)), np.array(image), np.array(box), np.array(label), np.array(score)
    )
    return truth, table


def resample(truth, table, weights):
    """The data set that holds each image as often as it was drawn, every copy an image."""
    copies = [(image, copy) for image, count in enumerate(weights) for copy in range(count)]
    number = {pair: i for i, pair in enumerate(copies)}
    rows = [
        (number[image, copy], row)
        for row, image in enumerate(table.images)
        for copy in range(weights[image])
    ]
    images, chosen = np.array(rows, np.int64).reshape(-1, 2).T
    drawn = DetectionTable(
        tuple(range(len(copies))),
        images,
        table.boxes[chosen],
        table.labels[chosen],
        table.scores[chosen],
    )
    return {i: truth[image] for i, (image, _) in enumerate(copies)}, drawn


@pytest.mark.parametrize(
    ("recall", "mean"), [("tenths", "objects"), ("numpy", "listed"), ("matlab", "objects")]
)
@pytest.mark.parametrize("seed", range(6))
def test_a_resample_is_an_evaluation_of_the_resampled_images(seed, recall, mean):
    rules = replace(DEVKIT, recall=recall, mean=mean)
    truth, table = random_data(seed)
    matches = match_voc(truth, table, CLASSES, thresholds=THRESHOLDS, rules=rules)
    weights = draw_weights(len(truth), 20, seed)
    found = resampled_ap(matches, weights, METRICS)
    for number, of_images in enumerate(weights):
        drawn = resample(truth, table, of_images)
        again = match_voc(*drawn, CLASSES, thresholds=THRESHOLDS, rules=rules)
        for metric in METRICS:
            expected = again.average_precisions(metric)
            for k, name in enumerate(CLASSES):
                for t, key in enumerate(again.keys):
                    ap, value = expected[name][key], found[metric][number, k, t]
                    assert np.isnan(value) if ap is None else value == pytest.approx(ap, abs=1e-14)


def test_a_resample_by_an_added_metric_is_one_too(fresh_plugins):
    """40 points by the same counts: a row drawn twice raises the recall by two shares at once."""
    register_metric("40", lambda ranking: ranking.precision_at(np.arange(1, 41) / 40).mean())
    truth, table = random_data(1)
    matches = match_voc(truth, table, CLASSES, thresholds=THRESHOLDS)
    weights = draw_weights(len(truth), 20, 1)
    found = resampled_ap(matches, weights, ["40"])["40"]
    for number, of_images in enumerate(weights):
        again = match_voc(*resample(truth, table, of_images), CLASSES, thresholds=THRESHOLDS)
        expected = [list(aps.values()) for aps in again.average_precisions("40").values()]
        np.testing.assert_allclose(found[number], np.array(expected, float), atol=1e-14)


def test_blocks_do_not_change_a_number(monkeypatch):
    truth, table = random_data(0)
    matches = match_voc(truth, table, CLASSES)
    weights = draw_weights(len(truth), 30, 0)
    whole = resampled_ap(matches, weights, METRICS)
    monkeypatch.setattr("resdet.evaluation.comparison.bootstrap._CELLS_AT_ONCE", 60)
    for metric, values in resampled_ap(matches, weights, METRICS).items():
        np.testing.assert_array_equal(values, whole[metric])


def test_without_detections_ap_is_zero_where_there_is_something_to_find():
    truth, table = random_data(0)
    nothing = replace(
        table,
        images=table.images[:0],
        boxes=table.boxes[:0],
        labels=table.labels[:0],
        scores=table.scores[:0],
    )
    matches = match_voc(truth, nothing, CLASSES)
    found = resampled_ap(matches, np.ones((1, len(truth)), np.int32), METRICS)
    for values in found.values():
        np.testing.assert_array_equal(values[0, :, 0], [0, 0, 0, np.nan])


def test_weights_draw_as_many_images_as_there_are_and_by_their_seed():
    weights = draw_weights(50, 200, 7)
    assert weights.shape == (200, 50)
    assert (weights.sum(axis=1) == 50).all()
    np.testing.assert_array_equal(weights, draw_weights(50, 200, 7))
    assert (weights != draw_weights(50, 200, 8)).any()
    assert (weights == 0).mean() == pytest.approx(0.98**50, abs=0.02)  # (1 - 1/n)^n


def test_interval_by_hand():
    # 199 resamples at distances 1, 2, ..., 199 thousandths from the gain, on both sides of it.
    # The 190th (95 % of 200) is the reach; 50 is reached or passed by 150 of them.
    steps = np.arange(1, 200) / 1000
    resampled = 0.05 + np.where(np.arange(199) % 2, 1, -1) * steps
    found = interval(0.05, np.append(resampled, np.nan))
    assert found.low == pytest.approx(0.05 - 0.190)
    assert found.high == pytest.approx(0.05 + 0.190)
    assert found.p_value == pytest.approx((1 + 150) / 200)


def test_p_is_under_5_percent_exactly_where_the_interval_leaves_out_0():
    random = np.random.default_rng(0)
    noise = random.normal(size=1000) / 10
    outside = 0
    for gain in np.linspace(-0.4, 0.4, 201):
        found = interval(gain, gain + noise)
        assert (found.p_value < 0.05) == (not found.low <= 0 <= found.high)
        outside += found.p_value < 0.05
    assert 50 < outside < 150


def test_p_is_never_0_and_the_same_model_gains_nothing():
    surely = interval(0.5, np.full(1000, 0.5) + np.linspace(-0.1, 0.1, 1000))
    assert surely.p_value == 1 / 1001
    same = interval(0.0, np.zeros(1000))
    assert (same.low, same.high, same.p_value) == (0, 0, 1)


def test_an_interval_ends_where_gains_do_and_needs_resamples():
    assert interval(0.5, np.linspace(-2, 3, 1000)).high == 1
    assert interval(0.5, np.full(99, 0.5)) is None
    assert interval(0.5, np.where(np.arange(1000) < 99, 0.5, np.nan)) is None


def test_training_noise_is_students_t_of_the_pooled_spread():
    assert not draw_training_noise([0.7], [0.8], 1000, 0).any()
    # spread of (0.70, 0.72, 0.74) and (0.80, 0.80, 0.80): variance (2 * 0.02^2) / 4,
    # of the difference of means 2/3 of it; t of 4 degrees leaves 5 percent beyond 2.776
    noise = draw_training_noise([0.70, 0.72, 0.74], [0.8, 0.8, 0.8], 200_000, 0)
    reach = 2.776 * np.sqrt(2 * 0.02**2 / 4 * 2 / 3)
    assert np.mean(np.abs(noise) > reach) == pytest.approx(0.05, abs=0.003)
    # one run: the other side's spread stands for it; t of 2 degrees leaves 5 percent beyond 4.303
    noise = draw_training_noise([0.70, 0.72, 0.74], [0.8], 200_000, 0)
    reach = 4.303 * np.sqrt(0.02**2 * (1 + 1 / 3))
    assert np.mean(np.abs(noise) > reach) == pytest.approx(0.05, abs=0.003)


def test_each_class_is_told_when_it_is_done():
    truth, table = random_data(0)
    matches = match_voc(truth, table, CLASSES)
    told = []
    resampled_ap(matches, draw_weights(len(truth), 100, 0), METRICS, lambda: told.append(1))
    assert len(told) == len(CLASSES)
