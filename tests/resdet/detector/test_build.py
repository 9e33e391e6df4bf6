"""What a checkpoint and its config must be before a model is made of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from resdet import config, engines
from resdet.checkpoints import checkpoint
from resdet.checkpoints.checkpoint import DetectorCheckpoint
from resdet.config import ConfigError
from resdet.detector.build import build_model, initialize_model, load_model
from resdet.detector.inference import load_detector
from resdet.export.exportable import load_exportable
from resdet.modeling.heads import Conv5Head, HeadInputs
from resdet.modeling.registry import HEADS

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


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("MODEL.BACKBONE.WIDTH", "1000.0", r"a\.pth: MODEL.BACKBONE.WIDTH must be in .*, got 1000"),
        (
            "MODEL.BACKBONE.WIDTH",
            "16.0",
            r"of .*a\.pth must fit the network; trunk\.stem\.conv1\.w",
        ),
        ("MODEL.RESNETS.DEPTH", "50", r"weights of .*a\.pth must fit the network; missing: trunk"),
        ("MODEL.RESNETS.DEPTH", "1000", r"a\.pth: MODEL.RESNETS.DEPTH must be 18 or .*, got 1000"),
        ("MODEL.BACKBONE.FREEZE_AT", "9", r"config of .*a\.pth must be of a network .* got 9"),
        ("MODEL.ANCHOR_GENERATOR.SIZES", "[[1000000]]", r"a\.pth: MODEL.ANCHOR_GENERATOR.SIZES"),
        ("MODEL.ANCHOR_GENERATOR.SIZES", str([[8] * 9999]), r"a\.pth must have 29997 rows, the si"),
        ("MODEL.ROI_HEADS.NUM_CLASSES", "5", r"a\.pth must be 5, its MODEL.ROI_HEADS.NUM_CLASSES"),
        ("MODEL.ROI_BOX_HEAD.POOLER_RESOLUTION", "9999", r"a\.pth: MODEL.ROI_BOX_HEAD.POOLER_R"),
        ("INPUT.MIN_SIZE_TEST", "100000", r"a\.pth: INPUT.MIN_SIZE_TEST must be in .*, got 100000"),
        ("MODEL.PIXEL_STD", "[0.0, 1.0, 1.0]", r"a\.pth: MODEL.PIXEL_STD must be >= 0\.0001, got"),
        ("DATALOADER.NUM_WORKERS", "99999", r"a\.pth: DATALOADER.NUM_WORKERS must be in"),
    ],
)
def test_a_config_that_asks_for_more_than_the_weights_is_refused_before_it_is_built(
    stored: Callable, monkeypatch: pytest.MonkeyPatch, key: str, value: str, said: str
) -> None:
    tv = engines.load("tv")
    path = stored(key, value)
    monkeypatch.setattr(tv, "build_model", lambda *_: pytest.fail("it was built"))
    with pytest.raises(ValueError, match=said) as caught:
        load_detector(path, "tv", "cpu")
    assert len(str(caught.value).splitlines()) == 1


def test_a_head_that_needs_numbers_is_compared_once_it_is_built(
    stored: Callable, fresh_plugins: None
) -> None:
    def head(inputs: HeadInputs) -> Conv5Head:
        assert float(torch.ones(1)) == 1  # of which the meta device has none
        return Conv5Head(inputs.network.get_submodule("res5"), 64)

    HEADS.register("Numbers", head)
    load_detector(stored("MODEL.ROI_BOX_HEAD.NAME", "Numbers"), "tv", "cpu")


def test_an_r_cnn_begins_with_the_rpn_of_a_localiser(
    tiny_localiser: Path, small_config: Callable
) -> None:
    saved = checkpoint.load(tiny_localiser)
    small = ("MODEL.RESNETS.DEPTH", "18", "MODEL.ROI_HEADS.NUM_CLASSES", "6")
    cfg = small_config(*small, base="imagenet_loc_rcnn_r101")
    engine = engines.load("tv")
    model, lines = initialize_model(cfg, engine, saved, "rpn.pth", saved.class_names)
    assert lines[0] == (
        "all weights from rpn.pth but box_head.*, box_predictor.*, which is new: it had no R-CNN"
    )
    state = engine.canonical_state(model)
    assert all(torch.equal(value, state[key]) for key, value in saved.model.items())
    _, lines = initialize_model(cfg, engine, saved, "rpn.pth", tuple("abcdef"))
    new = "box_predictor.*, rpn_head.class_logits.*, rpn_head.class_deltas.*, box_head.*"
    assert f"but {new}, which is new: its classes were" in lines[0]
