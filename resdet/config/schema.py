"""The keys we honour. `default_config` speaks detectron2's names, types and defaults;
`add_resdet_config` adds the few that detectron2 lacks, to ours or to its own `get_cfg()`.
"""

from __future__ import annotations

from fvcore.common.config import CfgNode

from backbones.config.keys import Key, add_keys
from resdet.config import model_keys, own_keys, training_keys

VERSION = Key("VERSION", 2, "of detectron2's words", allowed=(2,))
DETECTRON2 = (VERSION, *model_keys.KEYS, *training_keys.KEYS)
KEYS = (*DETECTRON2, *own_keys.KEYS)


def default_config() -> CfgNode:
    """Every key we honour, detectron2's and ours, with its default."""
    cfg = CfgNode()
    add_keys(cfg, KEYS)
    return cfg


def add_resdet_config(cfg: CfgNode) -> None:
    """Add our keys to `cfg` in place, keeping those that are there: calling twice is harmless."""
    add_keys(cfg, own_keys.KEYS)
