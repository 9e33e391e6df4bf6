"""Out of memory within a step: the message names the images, wherever it happens."""

import numpy as np
import pytest
import torch

from backbones.evaluation.crops import evaluate_one_crop
from backbones.machine.exhaustion import OutOfMemory
from resdet import engines
from resdet.detector.build import build_model
from resdet.detector.inference import build_detector


def full(*_):
    raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")


def test_a_detector_that_tests(small_config, monkeypatch):
    cfg, engine = small_config(), engines.load("tv")
    detector = build_detector(cfg, build_model(cfg, engine)[0], tuple("abcdef"), engine)
    monkeypatch.setattr(engine, "detect", full)
    image = np.zeros((40, 60, 3), np.uint8)
    told = (
        r"1 image\(s\): a.jpg \(96x64, 0 boxes\), got 'CUDA out of "
        ".*--batch.*OMP_NUM_THREADS=1.*MIN_SIZE_TEST"
    )
    with pytest.raises(OutOfMemory, match=told):
        list(detector.predict_named([("a.jpg", image)]))


def test_a_classifier_that_tests():
    class Full(torch.nn.Module):
        forward = full

    batch = torch.zeros(2, 8, 8, 3, dtype=torch.uint8), torch.zeros(2)
    with pytest.raises(OutOfMemory, match=r"2 images of 8x8, got 'CUDA out of"):
        evaluate_one_crop(Full(), [batch], lambda images: images)
