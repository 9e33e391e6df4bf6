"""Every kind of checkpoint that the project loads, small and sound, and the loading of it."""

from __future__ import annotations

import contextlib
import io
from functools import partial
from pathlib import Path
from typing import Any

import torch
from mutating import Subject, write_pickle, write_torch

import backbones
from backbones.evaluation.networks import load_network
from backbones.training.state import read_state
from backbones.weights.checkpoint import Preprocessing, backbone_hash
from backbones.weights.keymaps import KINDS, from_ours
from resdet import config, engines
from resdet.checkpoints.detectron2_names import Layout, to_detectron2
from resdet.detector.build import build_model
from resdet.detector.inference import load_detector
from resdet.training.run import read_to_resume

SMALL = (
    *("MODEL.WEIGHTS", "''", "MODEL.BACKBONE.WIDTH", "0.125", "MODEL.RESNETS.NORM", "GN"),
    *("MODEL.BACKBONE.FREEZE_AT", "0", "DATALOADER.NUM_WORKERS", "0"),
)
NAMES = ["circle", "square", "triangle", "star", "cross", "ring"]


def detector() -> dict[str, Any]:
    """What train-det writes on its way."""
    torch.manual_seed(0)
    cfg, engine = config.load("shapes_r18", SMALL), engines.load("tv")
    state = engine.canonical_state(build_model(cfg, engine)[0])
    return {
        "format": "resdet/1",
        "model": state,
        "config": cfg.dump(),
        "class_names": list(NAMES),
        "engine": "tv",
        "iterations": 7,
        "training": {
            "optimizer": {"state": {}, "param_groups": [{"params": [0, 1], "lr": 0.1}]},
            "scaler": {},
            "seed": 3,
            "seconds": 2.5,
            "waited": 0,
            "ranks": [],
            "rate_scale": 1.0,
            "score": float("-inf"),
        },
        "matching_heuristics": True,
    }


def zoo() -> dict[str, Any]:
    """A slim R-50-FPN as detectron2 leaves it in a .pkl."""
    torch.manual_seed(0)
    more = ("MODEL.FPN.OUT_CHANNELS", "16", "MODEL.ROI_BOX_HEAD.FC_DIM", "32")
    cfg, engine = config.load("coco_r50_fpn", [*SMALL[:4], *more]), engines.load("tv")
    state = engine.canonical_state(build_model(cfg, engine)[0])
    state = to_detectron2(state, Layout("FPN", "resnet50"), "zoo")
    return {"model": {k: v.numpy() for k, v in state.items()}, "__author__": "me", "iteration": 9}


def network() -> dict[str, Any]:
    """What train-backbone writes at its end."""
    torch.manual_seed(0)
    model = backbones.create("cifar_resnet8", width=0.5, num_classes=2)
    seen = Preprocessing("RGB", 1.0, (1.0, 2.0, 3.0), (4.0, 5.0, 6.0), ("cat", "dog"))
    return {
        "format": "backbones/2",
        "arch": model.arch,
        "num_classes": 2,
        "model": dict(model.state_dict()),
        "preprocessing": seen.to_dict(),
        "recipe": {"INPUT": {"SIZE": 32, "SIZE_TEST": 32, "MIN_SIZE_TEST": 36}},
        "hash": "",
        "meta": {"iterations": 3},
    }


def sealed(path: Path, payload: Any) -> None:
    """Written with the hash of what it holds, as whoever made it would."""
    with contextlib.suppress(Exception):
        seen = Preprocessing(**{k: _frozen(v) for k, v in payload["preprocessing"].items()})
        payload["hash"] = backbone_hash(payload["model"], payload["arch"], seen)
    write_torch(path, payload)


def _frozen(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def state() -> dict[str, Any]:
    """What train-backbone writes on its way."""
    saved = network()
    return {
        "format": "backbones-training/1",
        **{key: saved[key] for key in ("arch", "preprocessing", "model")},
        "iteration": 3,
        "seed": 5,
        "class_names": ["cat", "dog"],
        "progress": {"training": [[1, 2.0]], "evaluation": [[1, 50.0]], "sum": 0.0, "count": 0},
        "average": saved["model"],
        "optimizer": {"state": {0: {"momentum_buffer": torch.ones(3)}}, "param_groups": []},
        "scaler": {},
        "ranks": [{"random": {"torch": torch.get_rng_state()}}],
        "rate_scale": 1.0,
    }


def others(kind: str, name: str, **options: Any) -> dict[str, Any]:
    """A network of a kind of others', under its names."""
    torch.manual_seed(0)
    model = backbones.create(name, width=0.125, num_classes=2, **options)
    return dict(from_ours(KINDS[kind], model, model.state_dict()))


def msra() -> dict[str, Any]:
    """A slim ResNet-50 in a .pkl of Caffe2's."""
    weights = others("msra", "resnet50")
    return {"model": {k: v.numpy() for k, v in weights.items()}, "__author__": "Caffe2"}


def use_detector(path: Path) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        load_detector(path, "tv", "cpu")


def use_network(path: Path) -> None:
    load_network(str(path), size=32, shorter_side=32)


SUBJECTS = (
    Subject("detector", detector, write_torch, use_detector),
    Subject("detector to resume", detector, write_torch, read_to_resume),
    Subject("detectron2's .pkl", zoo, write_pickle, use_detector),
    Subject("network", network, sealed, use_network),
    Subject("training state", state, write_torch, read_state),
    Subject(
        "torchvision's",
        partial(others, "torchvision", "resnet18", stride_in_1x1=False),
        write_torch,
        use_network,
    ),
    Subject("MSRA's .pkl", msra, write_pickle, use_network),
)
