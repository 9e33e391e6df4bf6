"""Trunk, features and head that a config describes."""

from __future__ import annotations

import pytest
import torch

from resdet.modeling.parts import build_parts


def test_c4_is_cut_before_res5(small_config) -> None:
    parts = build_parts(small_config())
    names = {key.split(".")[0] for key in parts.trunk.state_dict()}
    assert names == {"stem", "res2", "res3", "res4"}
    assert {key.split(".")[0] for key in parts.head.state_dict()} == {"res5"}
    x = torch.rand(1, 3, 64, 64)
    features = parts.trunk(x)
    assert list(features) == ["res4"]
    channels = parts.infos["res4"].channels
    assert features["res4"].shape == (1, channels, 4, 4)
    pooled = torch.rand(5, channels, 14, 14)
    assert parts.head(pooled).shape == (5, parts.head.out_channels)


def test_vgg_gives_conv5_at_stride_16_and_its_own_fc6_fc7(small_config) -> None:
    cfg = small_config("MODEL.ROI_BOX_HEAD.FC_DIM", "512", base="shapes_vgg16")
    parts = build_parts(cfg)
    assert "fc6, fc7 -> box head" in parts.report
    assert "new" not in parts.report
    features = parts.trunk(torch.rand(1, 3, 64, 64))
    assert features["conv5"].shape == (1, parts.infos["conv5"].channels, 4, 4)
    assert parts.head(torch.rand(2, parts.infos["conv5"].channels, 7, 7)).shape == (2, 512)


@pytest.mark.parametrize("base", ["coco_r101_fpn", "coco_vgg16_fpn"])
def test_levels_are_called_after_the_stride_they_have(base: str, small_config) -> None:
    cfg = small_config("MODEL.RESNETS.DEPTH", "18", base=base)
    parts = build_parts(cfg)
    side = 4 * parts.size_divisibility
    features = parts.trunk(torch.rand(1, 3, side, side))
    assert list(features) == list(parts.infos)
    for name, feature in features.items():
        stride = parts.infos[name].stride
        assert stride == 2 ** int(name[1:])
        assert feature.shape == (1, 256, side // stride, side // stride)


def test_freeze_at_counts_stages(small_config) -> None:
    trunk = build_parts(small_config("MODEL.BACKBONE.FREEZE_AT", "2")).trunk
    learns = {n.split(".")[0] for n, p in trunk.named_parameters() if p.requires_grad}
    assert learns == {"res3", "res4"}
