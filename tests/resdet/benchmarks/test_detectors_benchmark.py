"""The benchmark of detectors, at a size of seconds."""

import json

import pytest
import torch

from resdet.benchmarks import detectors


def test_pictures_and_objects():
    (picture, other) = detectors.pictures(96, 2)
    assert (picture.shape, picture.dtype) == ((3, 96, 128), torch.uint8)
    assert not torch.equal(picture, other)
    boxes, labels = detectors.objects(96)
    assert len(boxes) == len(labels) == 5
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    assert boxes.max() <= 96


def test_a_summary_compares_with_ours():
    found = [{"boxes": [[0.0, 0.0, 9.0, 9.0]], "labels": [1], "scores": [0.5]}]
    moved = [{"boxes": [[0.0, 0.0, 9.0, 9.25]], "labels": [1], "scores": [0.5]}]
    runs = {
        "resdet": [{"seconds": [1.0, 2.0, 9.0], "peak_megabytes": 5, "found": found}],
        "detectron2": [{"seconds": [3.0], "peak_megabytes": 7, "found": moved}],
    }
    summary = detectors._summary("infer", runs)
    assert summary["ratio"] == {"resdet": 1.0, "detectron2": 1.5}
    assert summary["largest_difference"] == {"boxes": 0.25, "scores": 0.0}


def test_other_work_is_refused():
    with pytest.raises(ValueError, match="work must be infer or train, got 'sleep'"):
        detectors.arguments(["sleep", "R-50-FPN", "w.pth", "96", "1"])


@pytest.mark.slow
@pytest.mark.detectron2
def test_detections_are_those_of_detectron2(tmp_path):
    pytest.importorskip("detectron2")
    measured = detectors.benchmark_detectors(
        "infer", tmp_path, kinds=["R-50-FPN"], side=160, images=1, rounds=1
    )
    json.dumps(measured, allow_nan=False)
    kind = measured["kinds"]["R-50-FPN"]
    assert kind["detections"] == [100]
    assert kind["largest_difference"]["boxes"] < 1e-2
    assert kind["largest_difference"]["scores"] < 1e-4
    assert set(kind["ratio"]) == {"resdet", "detectron2", "torchvision"}


@pytest.mark.slow
def test_a_step_of_training_is_timed(tmp_path):
    weights = tmp_path / "w.pth"
    detectors.write_weights("R-50-FPN", weights)
    measured = detectors.measure("train", "R-50-FPN", weights, 64, 1)
    assert len(measured["seconds"]) == 1
