"""Matches by hand and at random, for everything that is computed from them."""

from __future__ import annotations

import numpy as np
import pytest

from resdet.evaluation.matches import Matches
from resdet.evaluation.rules import DEVKIT
from resdet.evaluation.voc.score import match_voc
from resdet.structures.records import Detections, GroundTruth


def _matched(truth, detections, *, classes=("cat", "dog"), threshold=0.5, rules=DEVKIT) -> Matches:
    """truth: {image: [(label, box, ignored)]}; detections: [(image, label, score, box)]."""
    objects = {
        image: GroundTruth(
            np.array([box for _, box, _ in rows], float).reshape(-1, 4),
            np.array([label for label, _, _ in rows], int),
            np.array([ignored for _, _, ignored in rows], bool),
        )
        for image, rows in truth.items()
    }
    found = [
        Detections(image, np.array([box], float), np.array([label]), np.array([score], float))
        for image, label, score, box in detections
    ]
    return match_voc(objects, found, classes, thresholds=(threshold,), rules=rules)


def _random_matches(seed: int, images: int = 12, classes: int = 3) -> Matches:
    """Boxes near objects, of right and wrong classes, at whole pixels so that ties occur."""
    rng = np.random.default_rng(seed)
    truth, detections = {}, []
    for image in range(images):
        corners = rng.integers(0, 40, (rng.integers(0, 6), 2))
        boxes = np.hstack([corners, corners + rng.integers(4, 20, corners.shape)])
        truth[image] = [
            (int(rng.integers(classes)), box.tolist(), rng.random() < 0.2) for box in boxes
        ]
        for label, box, _ in truth[image]:
            for _ in range(rng.integers(0, 5)):
                moved = np.add(box, rng.integers(-4, 5, 4))
                moved[2:] = np.maximum(moved[2:], moved[:2] + 1)
                label = label if rng.random() < 0.7 else int(rng.integers(classes))
                detections.append((image, label, round(rng.random(), 1), moved.tolist()))
        corner = rng.integers(0, 40, 2)
        detections.append((image, 0, float(rng.random()), [*corner, *(corner + 9)]))
    return _matched(truth, detections, classes=tuple("abcdefgh"[:classes]))


@pytest.fixture
def matched():
    return _matched


@pytest.fixture
def random_matches():
    return _random_matches
