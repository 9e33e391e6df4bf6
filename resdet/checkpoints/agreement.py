"""What a config and a checkpoint must agree on, and what the config takes from the weights."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fvcore.common.config import CfgNode

from backbones.weights.checkpoint import Preprocessing
from resdet.checkpoints.checkpoint import DetectorCheckpoint
from resdet.config import ConfigError, get
from resdet.config.schema import KEYS

# what weights depend on, in the order in which disagreement is told
COMPARED = sorted((k.compared, k.name) for k in KEYS if k.compared)


def agree(cfg: CfgNode, saved: DetectorCheckpoint, source: str) -> list[str]:
    """Give `cfg` the checkpoint's preprocessing, and a foreign one's meaning; tell of it.

    Raises: ConfigError with every key whose other value the weights were trained with.
    """
    lines = []
    if saved.foreign:
        taken = [key for compared, key in COMPARED if not compared.foreign]
        lines = _take(cfg, {key: get(saved.cfg, key) for key in taken})
    _check_meaning(cfg, saved.cfg, source)
    return lines + adopt(cfg, _preprocessing(saved.cfg))


def _check_meaning(cfg: CfgNode, saved: CfgNode, source: str) -> None:
    faults = [
        f"{key} must be {get(saved, key)!r}, as in {source}, got {get(cfg, key)!r}"
        for _, key in COMPARED
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
