"""Our files in detectron2's own machinery: DefaultPredictor, DetectionCheckpointer."""

from __future__ import annotations

import logging
from pathlib import Path

import cv2
import pytest
import torch

from backbones import create, save_backbone
from backbones.weights.checkpoint import Preprocessing
from resdet import engines
from resdet.checkpoints import checkpoint
from resdet.detector.inference import load_detector

pytest.importorskip("detectron2")
pytestmark = pytest.mark.detectron2

from detectron2.checkpoint import DetectionCheckpointer  # noqa: E402
from detectron2.engine import DefaultPredictor  # noqa: E402
from detectron2.modeling import build_model  # noqa: E402

from resdet.engines import d2  # noqa: E402


def backbone_file(path: Path, depth: int = 18, width: float = 0.125, norm: str = "gn") -> Path:
    network = create(f"resnet{depth}", num_classes=10, width=width, norm=norm)
    torch.nn.init.normal_(network.get_submodule("res5")[0].conv1.weight, std=7.0)
    save_backbone(
        path,
        arch=dict(network.arch),
        num_classes=10,
        model=network.state_dict(),
        preprocessing=Preprocessing("BGR", 1 / 255, (0.1, 0.2, 0.3), (0.5, 0.5, 0.25)),
        recipe={},
        meta={},
    )
    return path


def test_default_predictor_runs_a_checkpoint_of_ours(
    trained: Path, shapes_root: Path, caplog
) -> None:
    cfg = d2.load_config(trained)
    with caplog.at_level(logging.WARNING):
        predictor = DefaultPredictor(cfg)
    assert caplog.text == ""  # detectron2 warns of every weight without a place
    saved = checkpoint.load(trained)
    loaded = d2.canonical_state(predictor.model)
    assert loaded.keys() == saved.model.keys()
    assert all(torch.equal(loaded[key], saved.model[key]) for key in loaded)
    image = cv2.imread(str(next((shapes_root / "JPEGImages").iterdir())))
    found = predictor(image)["instances"]
    (ours,) = load_detector(trained, engine="tv").predict_named([(0, image)])
    # 96 pixels both at rest and as the network sees them: nothing is resized
    assert len(found) == len(ours) > 5
    order = found.scores.argsort(descending=True)
    assert torch.allclose(found.scores[order], torch.from_numpy(ours.scores), atol=1e-4)


def test_its_input_is_that_of_the_weights(small_config, tmp_path: Path) -> None:
    from resdet.training.train import train_detector

    weights = backbone_file(tmp_path / "backbone.pth")
    cfg = small_config(
        *("SOLVER.MAX_ITER", "1", "DATASETS.TEST", "()", "MODEL.WEIGHTS", str(weights))
    )
    train_detector(cfg, engines.load("tv"), "test", tmp_path / "run")
    found = d2.load_config(tmp_path / "run" / "model_final.pth")
    model = found.MODEL
    assert found.INPUT.FORMAT == "BGR"
    assert list(model.PIXEL_MEAN) == pytest.approx([25.5, 51.0, 76.5])
    assert list(model.PIXEL_STD) == pytest.approx([127.5, 127.5, 63.75])
    assert str(model.WEIGHTS) == str(tmp_path / "run" / "model_final.pth")


def test_a_training_does_not_go_on_where_our_file_stopped(trained: Path) -> None:
    """tools/plain_train_net.py starts at the file's "iteration" plus 1."""
    model = build_model(d2.load_config(trained))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    left = DetectionCheckpointer(model, optimizer=optimizer).resume_or_load(
        str(trained), resume=False
    )
    assert left.get("iteration", -1) + 1 == 0


def test_a_classifier_of_ours_starts_a_training(native_config, tmp_path: Path, caplog) -> None:
    path = backbone_file(tmp_path / "backbone.pth")
    cfg = native_config()
    lines = d2.use_backbone(cfg, path)
    assert "INPUT.FORMAT BGR from the weights (config: RGB)" in lines
    assert str(cfg.MODEL.WEIGHTS) == str(path)
    model = build_model(cfg)
    with caplog.at_level(logging.WARNING):
        DetectionCheckpointer(model).load(cfg.MODEL.WEIGHTS)
    weights = torch.load(path, weights_only=True)["model"]
    state = d2.canonical_state(model)
    for key, value in weights.items():
        if not key.startswith("fc."):
            where = "box_head." if key.startswith("res5.") else "trunk."
            assert torch.equal(state[where + key], value), key
    told = [key for key in state if "backbone." + key in caplog.text]
    assert told == []
    assert "fc.{bias, weight}" in caplog.text  # the one thing left over


@pytest.mark.parametrize(
    ("overrides", "text"),
    [
        (("MODEL.RESNETS.DEPTH", "34"), "name must be 'resnet34', got 'resnet18'"),
        (("MODEL.BACKBONE.WIDTH", "0.25"), "width must be 0.25, got 0.125"),
    ],
)
def test_a_classifier_that_does_not_fit_is_refused(
    native_config, tmp_path: Path, overrides, text: str
) -> None:
    path = backbone_file(tmp_path / "backbone.pth")
    with pytest.raises(ValueError, match=text):
        d2.use_backbone(native_config(*overrides), path)


def test_what_detectron2_cannot_read_is_refused_with_the_way_out(
    native_config, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"backbone must be a \.pth file.*resdet convert-weights"):
        d2.use_backbone(native_config(), "torchvision:IMAGENET1K_V1")
    torch.save({"conv1.weight": torch.zeros(1)}, tmp_path / "resnet18.pth")
    with pytest.raises(ValueError, match=r"format of .* must be 'backbones/2', got None"):
        d2.use_backbone(native_config(), tmp_path / "resnet18.pth")


def test_detectron2s_own_detector_has_no_config_of_ours(tmp_path: Path) -> None:
    from detectron2.config import get_cfg

    cfg = get_cfg()
    cfg.MODEL.DEVICE = "cpu"
    cfg.MODEL.RESNETS.DEPTH, cfg.MODEL.RESNETS.NUM_GROUPS = 50, 1
    torch.save({"model": build_model(cfg).state_dict()}, tmp_path / "theirs.pth")
    with pytest.raises(ValueError, match=r"must be of resdet train-det, got .*theirs\.pth"):
        d2.load_config(tmp_path / "theirs.pth")
