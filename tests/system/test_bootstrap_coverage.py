"""How often the 95 percent interval holds the true gain, on simulated pairs of detectors."""

import numpy as np
import pytest

from resdet.evaluation.comparison.bootstrap import (
    draw_training_noise,
    draw_weights,
    interval,
    resampled_ap,
)
from resdet.evaluation.matches import Matches, Objects
from resdet.evaluation.rules import DEVKIT

METRICS = ("area", "11point", "101point")
CLASSES = 4
HARDNESS = np.linspace(-0.6, 0.6, CLASSES)  # classes differ, as those of VOC do
IMAGES = 400
BASELINE, BETTER, TRAINING_NOISE = 0.9, 1.1, 0.08


class Pictures:
    """Images with objects that are as hard, and ground as confusing, for every detector."""

    def __init__(self, random, num_images):
        self.random, self.num_images = random, num_images
        counts = random.poisson(0.6, (num_images, CLASSES)).ravel()
        cells = np.repeat(np.arange(num_images * CLASSES), counts)
        self.images, self.labels = cells // CLASSES, cells % CLASSES
        self.hardness = 0.6 * random.normal(size=num_images)[self.images]
        self.hardness += 0.7 * random.normal(size=len(cells)) + HARDNESS[self.labels]
        self.confusion = random.gamma(0.7, 1 / 0.7, (num_images, 1)) * np.ones(CLASSES)

    def detected(self, quality):
        """Matches of a detector: a better one finds more, and surer."""
        random = self.random
        seen = quality - self.hardness + 0.7 * random.normal(size=len(self.images))
        found = np.flatnonzero(seen > 0)
        false = random.poisson(1.5 * self.confusion).ravel()
        cells = np.repeat(np.arange(len(false)), false)
        images = np.concatenate([self.images[found], cells // CLASSES])
        labels = np.concatenate([self.labels[found], cells % CLASSES])
        right = 0.8 + seen[found] + 0.8 * random.normal(size=len(found))
        scores = np.concatenate([right, 1.1 * random.normal(size=len(cells)) - 1])
        objects = np.concatenate([found, np.full(len(cells), -1)])
        order = np.lexsort((-scores, labels))
        objects = objects[order].astype(np.int32)[None]
        m = len(self.images)
        return Matches(
            rules=DEVKIT,
            class_names=tuple(map(str, range(CLASSES))),
            thresholds=(0.5,),
            image_ids=tuple(range(self.num_images)),
            images=images[order],
            labels=labels[order],
            scores=scores[order],
            boxes=np.zeros((len(order), 4)),
            verdicts=np.where(objects < 0, -1, 1).astype(np.int8),
            objects=objects,
            truth=Objects(self.images, self.labels, np.zeros((m, 4)), np.zeros(m, bool)),
        )


def aps_of(matches, weights):
    """{metric: (R, K + 1)} of the classes and of their mean."""
    found = resampled_ap(matches, weights, METRICS)
    return {m: np.column_stack([ap[..., 0], ap[..., 0].mean(axis=1)]) for m, ap in found.items()}


def true_gain(noise):
    """Of so many images that chance is gone, over detectors trained again and again."""
    random = np.random.default_rng(1)
    offsets = np.linspace(-2.5, 2.5, 11) if noise else np.zeros(1)
    chance = np.exp(-(offsets**2) / 2)
    pictures = Pictures(random, 60_000 if noise else 300_000)
    once = np.ones((1, pictures.num_images), np.int32)
    total = dict.fromkeys(METRICS, 0.0)
    for offset, weight in zip(offsets, chance / chance.sum()):
        first, second = (
            aps_of(pictures.detected(quality + noise * offset), once)
            for quality in (BASELINE, BETTER)
        )
        for metric in METRICS:
            total[metric] = total[metric] + weight * (second[metric] - first[metric])
    return total


def coverage(pairs, runs, noise):
    """{metric: shares of the intervals that hold the true gain: of the classes, of the mean}."""
    true = true_gain(noise)
    random = np.random.default_rng(2)
    held = {metric: np.zeros((pairs, CLASSES + 1), bool) for metric in METRICS}
    for pair in range(pairs):
        pictures = Pictures(random, IMAGES)
        drawn = draw_weights(IMAGES, 1000, pair)
        weights = np.concatenate([np.ones((1, IMAGES), np.int32), drawn])
        sides = [
            [
                aps_of(pictures.detected(quality + noise * random.normal()), weights)
                for _ in range(runs)
            ]
            for quality in (BASELINE, BETTER)
        ]
        for metric in METRICS:
            first, second = (np.stack([run[metric] for run in side]) for side in sides)
            gains = second.mean(axis=0) - first.mean(axis=0)
            for k in range(CLASSES + 1):
                extra = draw_training_noise(first[:, 0, k], second[:, 0, k], 1000, pair)
                found = interval(gains[0, k], gains[1:, k] + extra)
                held[metric][pair, k] = found.low <= true[metric][0, k] <= found.high
    return {m: (float(h[:, :-1].mean()), float(h[:, -1].mean())) for m, h in held.items()}


@pytest.mark.slow
def test_the_interval_holds_the_true_gain_in_95_percent_of_pairs():
    shares = coverage(pairs=1000, runs=1, noise=0.0)
    print(shares)
    for metric, (of_classes, of_mean) in shares.items():
        assert 0.93 <= of_classes <= 0.97, metric
        assert 0.93 <= of_mean <= 0.97, metric


@pytest.mark.slow
def test_the_interval_of_several_runs_holds_the_noise_of_training():
    shares = coverage(pairs=300, runs=3, noise=TRAINING_NOISE)
    print(shares)
    for metric, (of_classes, of_mean) in shares.items():
        assert 0.93 <= of_classes <= 0.99, metric
        assert 0.93 <= of_mean <= 0.99, metric
