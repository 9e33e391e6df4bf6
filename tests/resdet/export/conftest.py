"""Tiny detectors at rest, whose scores are spread as those of trained ones are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

SMALL = (
    *("MODEL.WEIGHTS", "''", "MODEL.DEVICE", "cpu", "MODEL.BACKBONE.WIDTH", "0.125"),
    *("MODEL.RESNETS.NORM", "GN", "MODEL.RPN.POST_NMS_TOPK_TEST", "20"),
    *("MODEL.ROI_HEADS.SCORE_THRESH_TEST", "0.001"),
    *("INPUT.MIN_SIZE_TEST", "80", "INPUT.MAX_SIZE_TEST", "140"),
)


def save_detector(path: Path, *overrides: str, base: str = "shapes_r18") -> Path:
    """A checkpoint under `path`."""
    from resdet import config
    from resdet.checkpoints import checkpoint
    from resdet.engines.registry import load
    from resdet.modeling.parts import build_parts

    cfg = config.load(base, [*SMALL, *overrides])
    engine = load("tv")
    torch.manual_seed(3)
    model = engine.build_model(cfg, build_parts(cfg))
    predictor = model.roi_heads.box_predictor
    with torch.no_grad():
        for layer in (predictor.cls_score, model.rpn.head.cls_logits):
            torch.nn.init.normal_(layer.weight, std=1.0)
        torch.nn.init.normal_(predictor.bbox_pred.weight, std=0.3)
    names = tuple(f"class {at}" for at in range(cfg.MODEL.ROI_HEADS.NUM_CLASSES))
    state = engine.canonical_state(model)
    checkpoint.save(path, checkpoint.DetectorCheckpoint(state, cfg, names, "tv", 4, {}))
    return path


@pytest.fixture
def saved_detector(tmp_path: Path) -> Callable[..., Path]:
    """`saved_detector("KEY", "VALUE", ..., base="shapes_r18")` -> a checkpoint."""
    return lambda *overrides, **base: save_detector(tmp_path / "model.pth", *overrides, **base)


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A checkpoint and its ONNX file; skips where a package is absent."""
    for package in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(package)
    from resdet.export.detector import encode_detector
    from resdet.export.exportable import load_exportable
    from resdet.export.form import INSIDE, Form, contract_of

    source = save_detector(tmp_path_factory.mktemp("export") / "model_best.pth")
    detector, form = load_exportable(source), Form("onnx", INSIDE)
    file = source.with_suffix(".onnx")
    file.write_bytes(encode_detector(detector, contract_of(detector, source, form), form))
    return source, file
