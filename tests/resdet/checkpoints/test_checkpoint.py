"""Files of detectors: whole, or told what they lack."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import replace
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


STRANGE = [
    ({"config": None}, r"config of .*a\.pth must be the text of a config, got None; take a whole"),
    ({"config": "MODEL: [1]"}, r"a\.pth: MODEL \(a\.pth\) must be CfgNode, got \[1\]"),
    ({"class_names": None}, r"class_names of .*a\.pth must be a list of texts, got None"),
    ({"class_names": ["a", 2]}, r"class_names of .*a\.pth must be a list of texts, got \['a', 2\]"),
    ({"class_names": ["a", "a"]}, r"class_names of .*a\.pth must differ, got 'a' more than once"),
    ({"class_names": ["a", "\x1b"]}, r"of .*a\.pth must be without control characters, got '\\x1b"),
    ({"class_names": ["a"]}, r"must be 2, its MODEL.ROI_HEADS.NUM_CLASSES, got 1; take"),
    ({"class_names": ["a", "b", "c"]}, "must be 2, its MODEL.ROI_HEADS.NUM_CLASSES, got 3; take"),
    ({"model": [1]}, r"model of .*a\.pth must be weights by name, got \[1\]"),
    ({"model": {}}, r"weights of .*a\.pth must be tensors by name, got {}"),
    ({"model": {"w": torch.eye(2).to_sparse()}}, "dense tensors .*'w': float32, sparse_coo"),
    ({"model": {"w": torch.tensor([1, float("nan")])}}, r"a\.pth must be finite, .*: 1 of 2 in w;"),
    ({"engine": 3}, "engine of .* must be the name of an engine, got 3"),
    ({"iterations": -1}, "iterations of .* must be a number of iterations, got -1"),
    ({"training": {"seed": "x"}}, r"seed of training of .*a\.pth must be a whole number, got 'x'"),
    ({"format": np.ones(2)}, "format of .* must be 'resdet/1', got array"),
]


@pytest.mark.parametrize(("change", "said"), STRANGE)
def test_what_is_of_another_kind_is_named_in_one_line(
    state: DetectorCheckpoint, tmp_path: Path, change: dict, said: str
) -> None:
    path = tmp_path / "a.pth"
    checkpoint.save(path, state)
    files.save(path, files.load(path) | change)
    with pytest.raises(ValueError, match=said) as caught:
        checkpoint.load(path)
    assert str(caught.value).isprintable()


def test_a_run_that_was_never_scored_and_lost_momenta_is_read(
    state: DetectorCheckpoint, tmp_path: Path
) -> None:
    lost = {"optimizer": {"state": {0: torch.tensor(float("inf"))}}, "score": float("-inf")}
    checkpoint.save(tmp_path / "a.pth", replace(state, training=lost))
    assert checkpoint.load(tmp_path / "a.pth").training["score"] == float("-inf")


def test_a_foreign_file_without_sound_numbers(tmp_path: Path) -> None:
    weights = {"backbone.stem.conv1.weight": np.array([1, np.inf, np.nan], np.float32)}
    (tmp_path / "R-50.pkl").write_bytes(pickle.dumps(weights))
    with pytest.raises(ValueError, match=r"R-50\.pkl must be finite, .*2 of 3 in backbone\.stem"):
        checkpoint.load(tmp_path / "R-50.pkl")
