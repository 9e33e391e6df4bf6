"""What a config must say of weights, and what it takes from them."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backbones.weights.checkpoint import Preprocessing
from resdet.checkpoints.agreement import adopt, agree
from resdet.checkpoints.checkpoint import DETECTRON2, DetectorCheckpoint
from resdet.config import ConfigError

SCALED = Preprocessing("RGB", 1 / 255, (0.5, 0.4, 0.3), (0.2, 0.2, 0.1))


def saved(cfg: object, engine: str = "tv") -> DetectorCheckpoint:
    return DetectorCheckpoint({}, cfg, ("a",), engine, 0, {})


def test_preprocessing_is_taken_in_pixel_values_and_told(small_config: Callable) -> None:
    cfg = small_config("INPUT.FORMAT", "BGR")
    before = list(cfg.MODEL.PIXEL_MEAN)
    lines = adopt(cfg, SCALED)
    assert cfg.INPUT.FORMAT == "RGB"
    assert cfg.MODEL.PIXEL_MEAN == [127.5, 102.0, 76.5]
    assert cfg.MODEL.PIXEL_STD == [51.0, 51.0, 25.5]
    assert lines[0] == "INPUT.FORMAT RGB from the weights (config: BGR)"
    told = f"MODEL.PIXEL_MEAN [127.5, 102.0, 76.5] from the weights (config: {before})"
    assert lines[1] == told
    assert adopt(cfg, SCALED) == []


def test_what_weights_depend_on_must_be_as_they_were_trained(small_config: Callable) -> None:
    cfg, trained = small_config("INPUT.FORMAT", "BGR"), small_config("INPUT.FORMAT", "RGB")
    assert agree(cfg, saved(trained), "a.pth") == [
        "INPUT.FORMAT RGB from the weights (config: BGR)"
    ]
    other = small_config("MODEL.RESNETS.DEPTH", "34", "MODEL.BACKBONE.WIDTH", "0.25")
    with pytest.raises(ConfigError, match=r"DEPTH must be 18, as in a\.pth, got 34") as error:
        agree(other, saved(trained), "a.pth")
    assert "MODEL.BACKBONE.WIDTH must be 0.125, as in a.pth, got 0.25" in str(error.value)


def test_of_a_foreign_file_the_meaning_is_taken_too(small_config: Callable) -> None:
    sizes = "MODEL.ANCHOR_GENERATOR.SIZES"
    cfg, trained = small_config(), small_config(sizes, "[[16, 48]]")
    with pytest.raises(ConfigError, match=sizes):
        agree(cfg.clone(), saved(trained), "a.pth")
    lines = agree(cfg, saved(trained, DETECTRON2), "a.pth")
    assert cfg.MODEL.ANCHOR_GENERATOR.SIZES == [[16, 48]]
    assert lines[0].startswith(f"{sizes} [[16, 48]] from the weights (config: ")
