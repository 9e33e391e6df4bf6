"""A detectron2 file wherever a tool takes a detector's weights."""

from __future__ import annotations

import importlib
import json
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from resdet import config, engines
from resdet.checkpoints.detectron2_names import Layout, to_detectron2
from resdet.data.shapes.draw import SHAPE_CLASSES
from resdet.detector.build import build_model

TOOLS = Path(__file__).resolve().parents[2] / "tools"
SLIM = ("MODEL.BACKBONE.WIDTH", "0.125", "MODEL.FPN.OUT_CHANNELS", "16")


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A slim R-50-FPN for the six shapes, as a user's detectron2 would leave it in a .pkl."""
    more = ("MODEL.ROI_HEADS.NUM_CLASSES", "6", "MODEL.ROI_BOX_HEAD.FC_DIM", "32")
    cfg = config.load("coco_r50_fpn", [*SLIM, *more, "MODEL.WEIGHTS", "''"])
    torch.manual_seed(0)
    tv = engines.load("tv")
    state = tv.canonical_state(build_model(cfg, tv)[0])
    state = to_detectron2(state, Layout("FPN", "resnet50"), "zoo")
    path = tmp_path_factory.mktemp("zoo") / "model_final.pkl"
    arrays = {key: value.numpy() for key, value in state.items()}
    path.write_bytes(pickle.dumps({"model": arrays, "__author__": "me"}))
    return path


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.syspath_prepend(str(TOOLS))
    return lambda name, *argv: importlib.import_module(name).main([str(arg) for arg in argv])


def test_eval_only(tool: Callable, zoo: Path, shapes_root: Path, tmp_path: Path) -> None:
    test = config.load("shapes_r18").DATASETS.TEST
    names = ("DATASETS.CLASSES", list(SHAPE_CLASSES), "DATASETS.TEST", list(test))
    data = ("DATASETS.ROOT", shapes_root, "DATALOADER.NUM_WORKERS", "0", *names)
    small = ("INPUT.MIN_SIZE_TEST", "96", "MODEL.ROI_HEADS.NUM_CLASSES", "6", *SLIM)
    weights = ("MODEL.WEIGHTS", zoo, *small, *data)
    common = ("--config", "coco_r50_fpn", "--engine", "tv", "--eval-only")
    tool("train_det", *common, "--output", tmp_path, *weights)
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["engine"] == "tv"
    assert results["metrics"]


def test_init_from(tool: Callable, zoo: Path, shapes_root: Path, tmp_path: Path) -> None:
    shapes = config.load("shapes_r18").DATASETS
    data = ("DATASETS.ROOT", shapes_root, "DATALOADER.NUM_WORKERS", "0", "DATASETS.TEST", "()")
    small = ("INPUT.MIN_SIZE_TRAIN", "[96]", "MODEL.ROI_HEADS.NUM_CLASSES", "6", *SLIM)
    short = ("SOLVER.MAX_ITER", "1", "SOLVER.IMS_PER_BATCH", "1", "SOLVER.STEPS", "[]")
    more = (*data, *small, *short, "DATASETS.TRAIN", list(shapes.TRAIN))
    common = ("--config", "coco_r50_fpn", "--engine", "tv", "--init-from", zoo)
    tool("train_det", *common, "--output", tmp_path, *more)
    assert f"all weights from {zoo} but" in (tmp_path / "log.txt").read_text()


def test_visualize(
    tool: Callable, zoo: Path, shapes_root: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    image = next(iter(sorted(shapes_root.rglob("*.jpg"))))
    picture = ("--input", image, "--output", tmp_path / "drawn", "--engine", "tv")
    tool("visualize", "--checkpoint", zoo, *picture)
    assert "drawn: 1" in capsys.readouterr().out
    assert (tmp_path / "drawn" / image.name).is_file()
