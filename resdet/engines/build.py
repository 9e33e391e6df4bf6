"""From a config or a checkpoint to a model, the same for every engine."""

from __future__ import annotations

from fvcore.common.config import CfgNode
from torch import nn

from backbones.checkpoint import Preprocessing
from resdet import config
from resdet.engines import Engine
from resdet.engines.checkpoint import DetectorCheckpoint
from resdet.modeling.backbone import build_parts


def build_model(
    cfg: CfgNode, engine: Engine, *, with_weights: bool = True
) -> tuple[nn.Module, list[str]]:
    """The model of `cfg` on the CPU, and what to tell the reader about its weights.

    The weights' own preprocessing replaces INPUT.FORMAT, PIXEL_MEAN and PIXEL_STD in `cfg`.
    Raises: ConfigError; ValueError if MODEL.WEIGHTS does not fit.
    """
    config.check(cfg, training=False)
    parts = build_parts(cfg, with_weights=with_weights)
    lines = [parts.report] if with_weights else []
    if parts.preprocessing:
        lines += _adopt(cfg, parts.preprocessing)
    return engine.build_model(cfg, parts), lines


def restore_model(checkpoint: DetectorCheckpoint, engine: Engine, source: str) -> nn.Module:
    """The model of a checkpoint on the CPU. Raises: ValueError if its weights do not fit."""
    model, _ = build_model(checkpoint.cfg, engine, with_weights=False)
    engine.load_canonical_state(model, checkpoint.model, source)
    return model


def _adopt(cfg: CfgNode, preprocessing: Preprocessing) -> list[str]:
    mean, std = preprocessing.pixel_mean_std()
    wanted = {
        "INPUT.FORMAT": preprocessing.channel_order,
        "MODEL.PIXEL_MEAN": [round(m, 4) for m in mean],
        "MODEL.PIXEL_STD": [round(s, 4) for s in std],
    }
    lines = []
    for key, value in wanted.items():
        section, name = key.split(".")
        if cfg[section][name] != value:
            lines.append(f"{key} {value} from the weights (config: {cfg[section][name]})")
            cfg[section][name] = value
    return lines
