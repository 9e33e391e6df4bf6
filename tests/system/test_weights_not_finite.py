"""Weights that are NaN or infinite: every command that loads them says so, and of which file."""

from __future__ import annotations

import importlib
import math
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import safetensors.torch
import torch

import backbones
from backbones.weights import checkpoint
from backbones.weights.checkpoint import Preprocessing
from backbones.weights.interop import load_weights, read_weights
from backbones.weights.keymaps import KINDS, from_ours

COMMANDS = {
    "eval-voc": ("--checkpoint", "{file}", "--data", "{data}", "--split", "test"),
    "eval-coco": (
        *("--checkpoint", "{file}", "--images", "{data}/JPEGImages"),
        *("--annotations", "{data}/annotations/instances_test.json"),
    ),
    "visualize": ("--checkpoint", "{file}", "--data", "{data}", "--output", "{out}"),
    "export": ("{file}", "--output", "{out}.onnx"),
    "train-det": ("--data", "{data}", "--output", "{out}", "--init-from", "{file}"),
}


@pytest.fixture
def lost(tiny_checkpoint: Path) -> Path:
    """A detector of which one tensor has three numbers that are none."""
    payload = checkpoint.load(tiny_checkpoint)
    weights = payload["model"]["box_predictor.cls_score.bias"]
    weights[0], weights[1], weights[5] = math.nan, math.inf, -math.inf
    checkpoint.save(tiny_checkpoint, payload)
    return tiny_checkpoint


def run(name: str, *argv: object) -> None:
    importlib.import_module(f"resdet.commands.{name.replace('-', '_')}").main(list(map(str, argv)))


@pytest.mark.parametrize("name", COMMANDS)
def test_a_detector(name: str, lost: Path, shapes_root: Path, tmp_path: Path) -> None:
    places = {"file": lost, "data": shapes_root, "out": tmp_path / "out"}
    text = r"tiny\.pth must be finite, got .*: 3 of 7 in box_predictor\.cls_score\.bias; "
    with pytest.raises(ValueError, match=text):
        run(name, *(word.format(**places) for word in COMMANDS[name]))


def test_a_run_to_resume(lost: Path, shapes_root: Path, tmp_path: Path) -> None:
    run_of = tmp_path / "run"
    run_of.mkdir()
    shutil.copy(lost, run_of / "model_0000001.pth")
    checkpoint.mark_last(run_of, "model_0000001.pth")
    more = ("--config", "shapes_r18", "--resume", "DATASETS.ROOT", shapes_root)
    with pytest.raises(ValueError, match=r"model_0000001\.pth must be finite"):
        run("train-det", "--output", run_of, *more)


def network(suffix: str, folder: Path) -> Path:
    """A ResNet-50 with one infinite number, of ours (.pth) or of others."""
    model = backbones.create("resnet50", width=0.125, num_classes=2)
    state = model.state_dict()
    state["res2.0.conv2.weight"][0, 0, 0, 0] = math.inf
    path = folder / f"a{suffix}"
    if suffix == ".pth":
        seen = Preprocessing("RGB", 1.0, (0.0,) * 3, (1.0,) * 3)
        named = {"arch": model.arch, "num_classes": 2, "preprocessing": seen}
        backbones.save_backbone(path, model=state, recipe={}, meta={}, **named)
    elif suffix == ".pkl":
        arrays = {k: v.numpy() for k, v in from_ours(KINDS["msra"], model, state).items()}
        path.write_bytes(pickle.dumps(arrays, 2))
    else:
        model.arch["stride_in_1x1"] = False
        theirs = from_ours(KINDS["torchvision"], model, state)
        write: Callable = safetensors.torch.save_file if suffix == ".safetensors" else torch.save
        write(theirs, path)
    return path


@pytest.mark.parametrize("suffix", [".pth", ".pkl", ".safetensors", ".th"])
def test_a_network(suffix: str, tmp_path: Path) -> None:
    path = network(suffix, tmp_path)
    model = backbones.create("resnet50", width=0.125, num_classes=2)
    for load in (
        lambda: read_weights(str(path), ""),
        lambda: load_weights(model, str(path)),
        lambda: backbones.load(path),
        lambda: run("convert-weights", path, tmp_path / "out.pth"),
        lambda: run("eval-backbone", "--weights", path, "--data", tmp_path),
        lambda: run("export", path, "--output", tmp_path / "out.onnx"),
    ):
        with pytest.raises(ValueError, match=rf"a{suffix} must be finite, got .*: 1 of 576 in "):
            load()
    assert not list(tmp_path.glob("out*"))
