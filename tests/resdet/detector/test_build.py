"""What a checkpoint and its config must be before a model is made of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from resdet import config, engines
from resdet.checkpoints import checkpoint
from resdet.checkpoints.checkpoint import DetectorCheckpoint
from resdet.config import ConfigError
from resdet.detector.build import build_model, load_model
from resdet.detector.inference import load_detector
from resdet.export.exportable import load_exportable

CLASSES = tuple("abcdef")


@pytest.fixture
def stored(small_config: Callable, tmp_path: Path) -> Callable:
    """A file of random weights whose config has these values, and its path."""
    engine = engines.load("tv")
    state = engine.canonical_state(build_model(small_config(), engine)[0])

    def store(*overrides: str) -> Path:
        cfg = small_config(*overrides)
        saved = DetectorCheckpoint(state, cfg, CLASSES, "tv", iteration=0, training={})
        checkpoint.save(tmp_path / "a.pth", saved)
        return tmp_path / "a.pth"

    return store


@pytest.mark.parametrize("load", [load_detector, load_exportable])
def test_the_config_in_a_file_is_checked_once(
    stored: Callable, load: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(ConfigError, match="MODEL.MASK_ON must be False, got True"):
        load(stored("MODEL.MASK_ON", "True"))
    checked, check = [], config.check
    monkeypatch.setattr(config, "check", lambda *a, **k: (checked.append(1), check(*a, **k)))
    load(stored())
    assert len(checked) == 1


def test_what_is_asked_of_testing_stands_above_the_config(stored: Callable) -> None:
    saved = checkpoint.load(stored("TEST.DETECTIONS_PER_IMAGE", "7"))
    engine = engines.load("tv")
    assert load_model(saved, engine, "a.pth")[1].TEST == saved.cfg.TEST
    _, cfg, _ = load_model(saved, engine, "a.pth", ("TEST.REFINE", "True"))
    assert (cfg.TEST.REFINE, cfg.TEST.DETECTIONS_PER_IMAGE) == (True, 7)
    with pytest.raises(
        ConfigError, match="MODEL.ROI_BOX_HEAD.POOLER_TYPE must be 'ROIAlignV2', as"
    ):
        load_model(saved, engine, "a.pth", ("MODEL.ROI_BOX_HEAD.POOLER_TYPE", "ROIPool"))
