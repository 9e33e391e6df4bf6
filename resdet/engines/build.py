"""From a config, or a config and a checkpoint, to a model; the same for every engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fvcore.common.config import CfgNode
from torch import nn

from backbones.checkpoint import Preprocessing
from resdet import config
from resdet.config import ConfigError, get
from resdet.engines import Engine
from resdet.engines.checkpoint import DetectorCheckpoint
from resdet.modeling.backbone import build_parts

PREDICTOR = "box_predictor."  # what depends on the classes
# weights mean something else under another value of these, though their shapes may agree
MEANING = (
    *("MODEL.BACKBONE.NAME", "MODEL.BACKBONE.NETWORK", "MODEL.BACKBONE.WIDTH", "MODEL.VGG.DEPTH"),
    *("MODEL.RESNETS.DEPTH", "MODEL.RESNETS.STRIDE_IN_1X1", "MODEL.RESNETS.RES5_DILATION"),
    *("MODEL.FPN.IN_FEATURES", "MODEL.FPN.OUT_CHANNELS", "MODEL.FPN.NORM", "MODEL.FPN.FUSE_TYPE"),
    *("MODEL.ANCHOR_GENERATOR.SIZES", "MODEL.ANCHOR_GENERATOR.ASPECT_RATIOS"),
    *("MODEL.ANCHOR_GENERATOR.OFFSET", "MODEL.ROI_BOX_HEAD.CLS_AGNOSTIC_BBOX_REG"),
    *("MODEL.RPN.IN_FEATURES", "MODEL.RPN.BBOX_REG_WEIGHTS", "MODEL.ROI_HEADS.IN_FEATURES"),
    *("MODEL.ROI_HEADS.NAME", "MODEL.ROI_BOX_HEAD.NAME", "MODEL.ROI_BOX_HEAD.FC_DIM"),
    *("MODEL.ROI_BOX_HEAD.BBOX_REG_WEIGHTS", "MODEL.ROI_BOX_HEAD.POOLER_TYPE"),
    *("MODEL.ROI_BOX_HEAD.POOLER_RESOLUTION", "MODEL.ROI_BOX_HEAD.POOLER_SAMPLING_RATIO"),
)
# of these, what a config must agree on with a foreign detector too; the rest it takes from it
STRUCTURE = (
    *("MODEL.BACKBONE.NAME", "MODEL.BACKBONE.NETWORK", "MODEL.BACKBONE.WIDTH"),
    "MODEL.RESNETS.DEPTH",
    *("MODEL.FPN.IN_FEATURES", "MODEL.FPN.NORM", "MODEL.RPN.IN_FEATURES"),
    *("MODEL.ROI_HEADS.NAME", "MODEL.ROI_HEADS.IN_FEATURES", "MODEL.ROI_BOX_HEAD.NAME"),
)


def build_model(cfg: CfgNode, engine: Engine) -> tuple[nn.Module, list[str]]:
    """The model of `cfg` with MODEL.WEIGHTS, on the CPU, and what to tell the reader of it.

    The weights' own preprocessing replaces INPUT.FORMAT, PIXEL_MEAN and PIXEL_STD in `cfg`.
    Raises: ConfigError; ValueError if MODEL.WEIGHTS does not fit.
    """
    config.check(cfg, engine=engine.NAME, training=False)
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
    lines = [f"all weights from {source}", *_agree(cfg, engine, saved, source)]
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
        *_agree(cfg, engine, saved, source),
    ]
    model = engine.build_model(cfg, build_parts(cfg, with_weights=False))
    state = {k: v for k, v in saved.model.items() if not k.startswith(PREDICTOR)}
    own = engine.canonical_state(model)
    state.update({k: v for k, v in own.items() if k.startswith(PREDICTOR)})
    engine.load_canonical_state(model, state, source)
    return model, lines


def _agree(cfg: CfgNode, engine: Engine, saved: DetectorCheckpoint, source: str) -> list[str]:
    """Give `cfg` the checkpoint's preprocessing, and a foreign one's meaning; tell of it."""
    lines = []
    if saved.foreign:
        taken = [key for key in MEANING if key not in STRUCTURE]
        lines = _take(cfg, {key: get(saved.cfg, key) for key in taken})
    _check_meaning(cfg, engine, saved.cfg, source)
    return lines + adopt(cfg, _preprocessing(saved.cfg))


def _check_meaning(cfg: CfgNode, engine: Engine, saved: CfgNode, source: str) -> None:
    config.check(cfg, engine=engine.NAME, training=False)
    faults = [
        f"{key} must be {get(saved, key)!r}, as in {source}, got {get(cfg, key)!r}"
        for key in MEANING
        if get(cfg, key) != get(saved, key)
    ]
    if faults:
        raise ConfigError("config", faults)


def _preprocessing(cfg: CfgNode) -> Preprocessing:
    mean, std = tuple(cfg.MODEL.PIXEL_MEAN), tuple(cfg.MODEL.PIXEL_STD)
    return Preprocessing(cfg.INPUT.FORMAT, 1.0, mean, std)


def adopt(cfg: CfgNode, preprocessing: Preprocessing) -> list[str]:
    """Set INPUT.FORMAT, PIXEL_MEAN and PIXEL_STD to what weights were trained with; tell of it."""
    mean, std = preprocessing.pixel_mean_std()
    wanted = {
        "INPUT.FORMAT": preprocessing.channel_order,
        "MODEL.PIXEL_MEAN": [round(m, 4) for m in mean],
        "MODEL.PIXEL_STD": [round(s, 4) for s in std],
    }
    return _take(cfg, wanted)


def _take(cfg: CfgNode, values: Mapping[str, Any]) -> list[str]:
    lines = []
    for key, value in values.items():
        *sections, name = key.split(".")
        node = get(cfg, ".".join(sections))
        if node[name] != value:
            lines.append(f"{key} {value} from the weights (config: {node[name]})")
            node[name] = value
    return lines


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:5]) + (f", ... ({len(names)})" if len(names) > 5 else "")
