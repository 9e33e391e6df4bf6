"""Two models' results on forty small images."""

import numpy as np
import pytest

from backbones.files.outputs import write_json
from resdet.evaluation import match_voc, save_matches, score_voc
from resdet.evaluation.record import Record, matches_path
from resdet.structures.records import Detections, GroundTruth

CLASSES = ("cat", "[dog]", "rare", "absent")
IMAGES = tuple(f"{i:06}" for i in range(40))


def _ground_truth():
    """A cat and a dog in every image; of the rare class one in nine, a difficult one in nine."""
    boxes = np.array([[0, 0, 20, 20], [30, 30, 60, 60], [70, 70, 90, 90]])
    return {
        image: GroundTruth(
            boxes[: 2 + (i < 18)],
            np.arange(2 + (i < 18)),
            np.array([False, False, i > 8])[: 2 + (i < 18)],
        )
        for i, image in enumerate(IMAGES)
    }


def _found(skill, seed):
    """Each object is found with probability `skill`; as many boxes are elsewhere."""
    random = np.random.default_rng(seed)
    detections = []
    for image, truth in _ground_truth().items():
        keep = random.random(len(truth)) < skill
        away = truth.boxes + np.where(keep, 0, 100)[:, None]
        scores = random.random(len(truth)) / 2 + keep * 0.3
        detections.append(Detections(image, away, truth.labels, scores))
    return detections


@pytest.fixture
def ground_truth():
    return _ground_truth()


@pytest.fixture
def found():
    return _found


@pytest.fixture
def write(tmp_path):
    """Evaluate and write a result with its matches; returns its path as text."""

    def run(name, skill=0.5, seed=0, *, truth=None, metrics=("area",), thresholds=(0.5,)):
        truth = truth or _ground_truth()
        matches = match_voc(truth, _found(skill, seed), CLASSES, thresholds=thresholds)
        results = {metric: score_voc(matches, metric) for metric in metrics}
        path = tmp_path / f"{name}.json"
        write_json(path, results if len(metrics) > 1 else results[metrics[0]])
        save_matches(matches_path(path), Record(matches))
        return str(path)

    return run
