from __future__ import annotations

from typing import Any

import pytest
from fvcore.common.config import CfgNode

from backbones.config.keys import add_keys, value_faults
from resdet import config
from resdet.config import own_keys, schema


def leaves(node: Any, prefix: str = "") -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for key, value in node.items():
        if isinstance(value, dict) and value:
            flat |= leaves(value, f"{prefix}{key}.")
        else:
            flat[prefix + key] = value
    return flat


def test_our_keys_are_added_once_and_kept() -> None:
    cfg = CfgNode()
    add_keys(cfg, schema.DETECTRON2)
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
    for key in schema.DETECTRON2:
        assert key.name in theirs, key
        assert type(theirs[key.name]) is type(key.default), key
        assert theirs[key.name] == key.default, key
    assert not {key.name for key in own_keys.KEYS} & set(theirs)


def test_a_key_has_one_row_that_admits_its_default() -> None:
    """Defaults of detectron2's that its own parts are named by are not ours to build."""
    names = [key.name for key in schema.KEYS]
    assert len(set(names)) == len(names)
    theirs = {"MODEL.BACKBONE.NAME", "MODEL.ROI_HEADS.NAME", "MODEL.ROI_BOX_HEAD.NAME"}
    faults = value_faults(config.default_config(), schema.KEYS)
    assert {fault.split()[0] for fault in faults} == theirs


def test_a_checkpoint_is_compared_in_one_order() -> None:
    places = sorted(key.compared.place for key in schema.KEYS if key.compared)
    assert places == list(range(1, len(places) + 1))
