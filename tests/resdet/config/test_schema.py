from __future__ import annotations

from typing import Any

import pytest
from fvcore.common.config import CfgNode

from resdet import config
from resdet.config import schema


def leaves(node: Any, prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in node.items():
        if isinstance(value, dict) and value:
            flat |= leaves(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def test_our_keys_are_added_once_and_kept() -> None:
    cfg = CfgNode(schema.DETECTRON2)
    config.add_resdet_config(cfg)
    cfg.MODEL.VGG.DEPTH = 19
    before = cfg.dump()
    config.add_resdet_config(cfg)
    assert cfg.dump() == before
    assert cfg.MODEL.VGG.DEPTH == 19


def test_defaults_are_not_shared_between_configs() -> None:
    first = config.default_config()
    first.DATASETS.CLASSES.append("cat")
    first.MODEL.PIXEL_MEAN[0] = 0.0
    second = config.default_config()
    assert second.DATASETS.CLASSES == []
    assert second.MODEL.PIXEL_MEAN[0] == 103.530


@pytest.mark.detectron2
def test_every_key_has_detectron2s_name_type_and_default() -> None:
    pytest.importorskip("detectron2")
    from detectron2.config import get_cfg

    theirs = leaves(get_cfg())
    for key, value in leaves(schema.DETECTRON2).items():
        assert key in theirs, key
        assert type(theirs[key]) is type(value), key
        assert theirs[key] == value, key
    assert not set(leaves(schema.RESDET)) & set(theirs)
