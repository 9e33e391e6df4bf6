"""From a config, or a config and a checkpoint, to a model; the same for every engine."""

from __future__ import annotations

from fvcore.common.config import CfgNode
from torch import nn

from resdet import config
from resdet.checkpoints.agreement import adopt, agree
from resdet.checkpoints.checkpoint import DetectorCheckpoint
from resdet.data.transforms import TestTransform
from resdet.engines.protocol import Engine
from resdet.modeling.parts import build_parts
from resdet.modeling.registry import HEADS

PREDICTOR = "box_predictor."  # what depends on the classes


def build_model(cfg: CfgNode, engine: Engine) -> tuple[nn.Module, list[str]]:
    """The model of `cfg` with MODEL.WEIGHTS, on the CPU, and what to tell the reader of it.

    The weights' own preprocessing replaces INPUT.FORMAT, PIXEL_MEAN and PIXEL_STD in `cfg`.
    Raises: ConfigError; ValueError if MODEL.WEIGHTS does not fit.
    """
    config.check(cfg, engine=engine.NAME, heads=HEADS.names(), training=False)
    parts = build_parts(cfg)
    lines = [parts.report]
    if parts.preprocessing:
        lines += adopt(cfg, parts.preprocessing)
    return engine.build_model(cfg, parts), lines


def restore_model(
    cfg: CfgNode, engine: Engine, saved: DetectorCheckpoint, source: str
) -> tuple[nn.Module, list[str]]:
    """The model of `cfg` with a checkpoint's weights and preprocessing, on the CPU.

    Raises: ConfigError; ValueError if the checkpoint is of another model.
    """
    lines = [f"all weights from {source}", *agree(cfg, engine.NAME, saved, source)]
    model = engine.build_model(cfg, build_parts(cfg, with_weights=False))
    engine.load_canonical_state(model, saved.model, source)
    return model, lines


def initialize_model(
    cfg: CfgNode,
    engine: Engine,
    saved: DetectorCheckpoint,
    source: str,
    class_names: tuple[str, ...],
) -> tuple[nn.Module, list[str]]:
    """As `restore_model`, but a detector of other classes keeps its fresh predictor."""
    if saved.class_names == class_names:
        return restore_model(cfg, engine, saved, source)
    lines = [
        f"all weights from {source} but {PREDICTOR}*, which is new: its classes were "
        f"{_some(saved.class_names)}, now {_some(class_names)}",
        *agree(cfg, engine.NAME, saved, source),
    ]
    model = engine.build_model(cfg, build_parts(cfg, with_weights=False))
    state = {k: v for k, v in saved.model.items() if not k.startswith(PREDICTOR)}
    own = engine.canonical_state(model)
    state.update({k: v for k, v in own.items() if k.startswith(PREDICTOR)})
    engine.load_canonical_state(model, state, source)
    return model, lines


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (f", ... ({len(names)})" if len(names) > 5 else "")


def test_transform(cfg: CfgNode) -> TestTransform:
    """The resizing of INPUT.MIN_SIZE_TEST and MAX_SIZE_TEST."""
    return TestTransform(cfg.INPUT.MIN_SIZE_TEST, cfg.INPUT.MAX_SIZE_TEST)
