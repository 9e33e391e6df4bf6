"""From a config, or a config and a checkpoint, to a model; the same for every engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fvcore.common.config import CfgNode
from torch import nn

from backbones.images.decoding import ChannelOrder
from resdet import config
from resdet.checkpoints.agreement import adopt, agree
from resdet.checkpoints.checkpoint import DetectorCheckpoint
from resdet.data.transforms import TestTransform
from resdet.engines.protocol import Engine
from resdet.modeling.parts import build_parts
from resdet.modeling.registry import HEADS

PREDICTOR = "box_predictor."  # what depends on the classes


def build_model(cfg: CfgNode, engine: Engine) -> tuple[nn.Module, list[str]]:
    """The model of a checked `cfg` with MODEL.WEIGHTS, on the CPU, and what to tell of it.

    The weights' own preprocessing replaces INPUT.FORMAT, PIXEL_MEAN and PIXEL_STD in `cfg`.
    Raises: ValueError if MODEL.WEIGHTS does not fit.
    """
    parts = build_parts(cfg)
    lines = [parts.report]
    if parts.preprocessing:
        lines += adopt(cfg, parts.preprocessing)
    return engine.build_model(cfg, parts), lines


def load_model(
    saved: DetectorCheckpoint, engine: Engine, source: str, testing: Sequence[str] = ()
) -> tuple[nn.Module, CfgNode]:
    """The model of a checkpoint by the config it carries, on the CPU, and that config.

    `testing`, KEY VALUE pairs, stand above the config.
    Raises: ConfigError if `engine` cannot build it; ValueError.
    """
    cfg = config.loads(saved.cfg.dump(), source, testing) if testing else saved.cfg
    config.check(cfg, engine=engine.NAME, heads=HEADS.names(), training=False)
    model, _ = restore_model(cfg, engine, saved, source)
    return model, cfg


def restore_model(
    cfg: CfgNode, engine: Engine, saved: DetectorCheckpoint, source: str
) -> tuple[nn.Module, list[str]]:
    """The model of a checked `cfg` with a checkpoint's weights and preprocessing, on the CPU.

    Raises: ConfigError if the two disagree; ValueError if the checkpoint is of another model.
    """
    lines = [f"all weights from {source}", *agree(cfg, saved, source)]
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
        *agree(cfg, saved, source),
    ]
    model = engine.build_model(cfg, build_parts(cfg, with_weights=False))
    state = {k: v for k, v in saved.model.items() if not k.startswith(PREDICTOR)}
    own = engine.canonical_state(model)
    state.update({k: v for k, v in own.items() if k.startswith(PREDICTOR)})
    engine.load_canonical_state(model, state, source)
    return model, lines


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (f", ... ({len(names)})" if len(names) > 5 else "")


@dataclass(frozen=True)
class NetworkInput:
    """How a network gets images in tests. Unit: pixels."""

    shorter_side: int
    longest_side: int
    channel_order: ChannelOrder

    @property
    def transform(self) -> TestTransform:
        """The resizing."""
        return TestTransform(self.shorter_side, self.longest_side)


def build_input(cfg: CfgNode) -> NetworkInput:
    """Of INPUT.MIN_SIZE_TEST, MAX_SIZE_TEST and FORMAT."""
    return NetworkInput(cfg.INPUT.MIN_SIZE_TEST, cfg.INPUT.MAX_SIZE_TEST, cfg.INPUT.FORMAT)
