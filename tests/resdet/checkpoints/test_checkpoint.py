"""Files of detectors: whole, or told what they lack."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import backbones
from backbones.weights import checkpoint as files
from backbones.weights.checkpoint import Preprocessing
from resdet.checkpoints import checkpoint
from resdet.checkpoints.checkpoint import DetectorCheckpoint


def test_files_without_a_detector(tmp_path: Path) -> None:
    path = tmp_path / "R-50.pkl"
    path.write_bytes(pickle.dumps({"conv1_w": np.zeros(1, np.float32)}))
    message = (
        r"format of .*R-50\.pkl must be 'resdet/1', got None; .* or a Faster R-CNN of detectron2"
    )
    with pytest.raises(ValueError, match=message):
        checkpoint.load(path)
    assert not checkpoint.holds_detector(path)
    path.write_bytes(pickle.dumps([1]))
    with pytest.raises(ValueError, match=r"R-50\.pkl must hold a dict, got list"):
        checkpoint.load(path)
    path.write_bytes(pickle.dumps({"backbone.stem.conv1.weight": "text"}))
    with pytest.raises(ValueError, match="must be arrays, got others: backbone.stem.conv1.weight"):
        checkpoint.load(path)


@pytest.fixture
def state(small_config: Callable) -> DetectorCheckpoint:
    model = {"trunk.w": torch.arange(3.0)}
    cfg = small_config("MODEL.ROI_HEADS.NUM_CLASSES", "2")
    return DetectorCheckpoint(model, cfg, ("a", "b"), "d2", 7, {"best": 0.5})


def test_what_is_saved_comes_back(state: DetectorCheckpoint, tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    checkpoint.save(path, state)
    back = checkpoint.load(path)
    assert torch.equal(back.model["trunk.w"], state.model["trunk.w"])
    assert back.cfg == state.cfg
    assert (back.class_names, back.engine, back.iteration) == (("a", "b"), "d2", 7)
    assert back.training == {"best": 0.5}
    assert not back.foreign
    assert checkpoint.holds_detector(path)


def test_a_file_without_a_part_is_not_whole(state: DetectorCheckpoint, tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    checkpoint.save(path, state)
    payload = files.load(path)
    del payload["class_names"]
    files.save(path, payload)
    with pytest.raises(
        ValueError, match=r"must be a whole checkpoint, got one without \['class_nam"
    ):
        checkpoint.load(path)


def test_a_classification_network_is_sent_to_the_other_package(tmp_path: Path) -> None:
    path = tmp_path / "b.pth"
    network = backbones.create("cifar_resnet8", num_classes=2)
    backbones.save_backbone(
        path,
        arch=network.arch,
        num_classes=2,
        model=network.state_dict(),
        preprocessing=Preprocessing("RGB", 1.0, (0.0,) * 3, (1.0,) * 3),
        recipe={},
        meta={},
    )
    assert not checkpoint.holds_detector(path)
    with pytest.raises(ValueError, match="which is a classification network: backbones.load reads"):
        checkpoint.load(path)
