"""From a config, or a config and a checkpoint, to a model; the same for every engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fvcore.common.config import CfgNode
from torch import Tensor, nn

from backbones.images.decoding import ChannelOrder
from backbones.machine.exhaustion import first_line
from backbones.machine.outline import outline
from backbones.weights.fields import WAY_OUT
from backbones.weights.interop import check_depth
from backbones.weights.shapes import matched
from resdet import config
from resdet.checkpoints.agreement import adopt, agree
from resdet.checkpoints.alone import alone
from resdet.checkpoints.checkpoint import DetectorCheckpoint
from resdet.data.transforms import TestTransform
from resdet.engines.protocol import Engine
from resdet.modeling.parts import build_parts
from resdet.modeling.per_class import OF_CLASSES, REFINING, REGIONS
from resdet.modeling.registry import HEADS


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
) -> tuple[nn.Module, CfgNode, list[str]]:
    """The model of a checkpoint by the config it carries, on the CPU, that config, what to tell.

    The config names no files: see `alone`.

    `testing`, KEY VALUE pairs, stand above the config.
    Raises: ConfigError if `engine` cannot build it; ValueError.
    """
    cfg, lines = alone(saved.cfg, source)
    if testing:
        cfg = config.loads(cfg.dump(), source, testing)
    heads = HEADS.names()
    config.check(cfg, engine=engine.NAME, heads=heads, training=False, source=source)
    model, _ = restore_model(cfg, engine, saved, source)
    return model, cfg, [] if cfg.TEST.ENSEMBLE else lines


def restore_model(
    cfg: CfgNode, engine: Engine, saved: DetectorCheckpoint, source: str
) -> tuple[nn.Module, list[str]]:
    """The model of a checked `cfg` with a checkpoint's weights and preprocessing, on the CPU.

    Raises: ConfigError if the two disagree; ValueError if the checkpoint is of another model.
    """
    lines = [f"all weights from {source}", *agree(cfg, saved, source)]
    _check_fits(cfg, saved.model, source)
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
    """As `restore_model`, but a detector of other classes keeps its fresh predictor.

    The R-CNN of a localiser is fresh where there was an RPN alone, of MODEL.WEIGHTS.
    """
    alike = saved.class_names == class_names
    alone = (saved.cfg.MODEL.META_ARCHITECTURE, cfg.MODEL.META_ARCHITECTURE) == REFINING
    if alike and not alone:
        return restore_model(cfg, engine, saved, source)
    fresh = tuple(dict.fromkeys([*(() if alike else OF_CLASSES), *(REGIONS if alone else ())]))
    before = f"its classes were {_some(saved.class_names)}, now {_some(class_names)}"
    why = "it had no R-CNN" if alike else before
    agreed = agree(cfg, saved, source)
    state = {k: v for k, v in saved.model.items() if not k.startswith(fresh)}
    _check_fits(cfg, state, source)
    model = engine.build_model(cfg, build_parts(cfg, with_weights=alone))
    own = engine.canonical_state(model)
    new = {k: v for k, v in own.items() if k.startswith(fresh)}
    engine.load_canonical_state(model, {**state, **new}, source)
    named = ", ".join(f"{prefix}*" for prefix in fresh if any(k.startswith(prefix) for k in new))
    lines = [f"all weights from {source} but {named}, which is new: {why}"]
    return model, [*lines, *agreed]


def _check_fits(cfg: CfgNode, state: Mapping[str, Tensor], source: str) -> None:
    """Hold weights to the shapes that `cfg` asks for, of which nothing is allocated.

    A predictor is looked at where there is one. What of a plugin cannot be laid out without
    numbers is compared once it is built.
    """
    _check_rows(cfg, state, source)
    plugged = cfg.MODEL.BACKBONE.NETWORK or HEADS.get(cfg.MODEL.ROI_BOX_HEAD.NAME)
    try:
        check_depth(cfg.MODEL.BACKBONE.NETWORK, len(state))
        with outline():
            parts = build_parts(cfg, with_weights=False)
    except Exception as error:  # a config may ask for anything
        if plugged and not isinstance(error, ValueError):
            return
        raise ValueError(
            f"config of {source} must be of a network that can be built, got one that cannot: "
            f"{first_line(error)}; {WAY_OUT}"
        ) from error
    own = {
        f"{name}.{key}": value
        for name, part in (("trunk", parts.trunk), ("box_head", parts.head))
        if name == "trunk" or any(key.startswith("box_head.") for key in state)
        for key, value in part.state_dict().items()
    }
    theirs = {key: v for key, v in state.items() if key.startswith(("trunk.", "box_head."))}
    matched(own, theirs, source)


def _check_rows(cfg: CfgNode, state: Mapping[str, Tensor], source: str) -> None:
    generator, classes = cfg.MODEL.ANCHOR_GENERATOR, cfg.MODEL.ROI_HEADS.NUM_CLASSES
    anchors = max(map(len, generator.SIZES)) * max(map(len, generator.ASPECT_RATIOS))
    rows = {
        "rpn_head.objectness_logits.weight": (anchors, "the sizes by the ratios of its anchors"),
        "box_predictor.cls_score.weight": (classes + 1, "MODEL.ROI_HEADS.NUM_CLASSES and one"),
    }
    for key, (count, meaning) in rows.items():
        if key not in state:  # of another engine, or told where weights are taken
            continue
        got = tuple(state[key].shape)
        if not got or got[0] != count:
            raise ValueError(
                f"{key} of {source} must have {count} rows, {meaning}, got {got}; {WAY_OUT}"
            )


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
