"""Faster R-CNN around the networks of `backbones`, on torchvision's parts or inside detectron2.

    import resdet

    detector = resdet.load("model_best.pth")
    for found in detector("dog.jpg").above(0.5):
        print(found.name, found.score, found.box)

Importing it imports neither torch nor detectron2.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch
    from fvcore.common.config import CfgNode

    from backbones.machine.precision import Precision
    from resdet.data.registry import register_format
    from resdet.detector.detector import Detector
    from resdet.detector.result import Result
    from resdet.engines.registry import register_engine
    from resdet.evaluation.registry import register_metric
    from resdet.modeling.registry import register_head

__all__ = [
    "Detector",
    "Result",
    "add_resdet_config",
    "load",
    "register",
    "register_engine",
    "register_format",
    "register_head",
    "register_metric",
]


def load(
    checkpoint: str | os.PathLike[str],
    engine: str = "auto",
    *,
    device: str | torch.device = "",
    precision: Precision = "fp32",
    compile: bool = False,
    batch: int = 1,
    overrides: Sequence[str] = (),
    testing: Sequence[str] = (),
    runtime: str = "",
) -> Detector:
    """The detector of a file, ready to be called with images.

    A checkpoint of `resdet train-det`, of either engine, a Faster R-CNN of detectron2's zoo, or a
    file that `resdet export` made, .onnx, .xml or .pt2 (which may run code: take your own only).
    `runtime` runs the network: "torch", "openvino", "onnxruntime", or "auto", on a CPU the fastest
    that is installed; by default torch, or what an exported file is made for.

    `device` "" is a GPU where there is one. `batch` images go through the network at once where a
    list is given. `compile` is torch.compile: the first images are slow. `overrides`, KEY VALUE
    pairs, say of detectron2's files what they do not hold; `testing`, pairs of TEST, ask for the
    extras of testing, as `testing=("TEST.REFINE", "True")`. Of these, an exported file takes none.
    Raises: FileNotFoundError; ValueError if the file is broken or no detector, or an argument is
        out of its range.
    """
    from backbones.machine.quick_import import spare_the_compiler
    from resdet.detector.speed import Speed
    from resdet.runtimes.load import load_detector

    spare_the_compiler()
    speed = Speed(precision, compile, batch)
    return load_detector(os.fspath(checkpoint), engine, device, overrides, speed, testing, runtime)


def add_resdet_config(cfg: CfgNode) -> None:
    """Add the keys that detectron2's `get_cfg()` lacks; twice is as good as once."""
    from resdet.config import schema

    schema.add_resdet_config(cfg)


def register() -> None:
    """Make our backbones and box heads known to detectron2's registries; may be repeated.

    Raises: ValueError with the way to install detectron2, where it is absent.
    """
    from resdet import engines

    engine: Any = engines.load("d2")
    engine.register()


_HOMES = {
    "Detector": "resdet.detector.detector",
    "Result": "resdet.detector.result",
    "register_engine": "resdet.engines.registry",
    "register_format": "resdet.data.registry",
    "register_head": "resdet.modeling.registry",
    "register_metric": "resdet.evaluation.registry",
}


def __getattr__(name: str) -> Any:
    """The public names that live elsewhere, imported when they are first used."""
    if name not in _HOMES:
        raise AttributeError(f"module 'resdet' has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
