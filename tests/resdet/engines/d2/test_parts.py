"""Our parts from plain arguments, as detectron2 wants them."""

from __future__ import annotations

import pytest
import torch

pytest.importorskip("detectron2")
pytestmark = pytest.mark.detectron2

from detectron2.layers import ShapeSpec  # noqa: E402

from backbones.features import Trunk  # noqa: E402
from resdet.engines import d2  # noqa: E402
from resdet.engines.d2 import parts  # noqa: E402
from resdet.modeling.fpn import FPN  # noqa: E402


def test_a_pyramid_from_plain_arguments() -> None:
    stages = ["res2", "res3", "res4", "res5"]
    trunk = d2.make_trunk("resnet18", stages, freeze_at=2, width=0.125, norm="FrozenBN")
    assert isinstance(trunk, Trunk)
    backbone = d2.ResdetBackbone(FPN(trunk, stages, 16))
    assert list(backbone.output_shape()) == ["p2", "p3", "p4", "p5", "p6"]
    assert not any(p.requires_grad for p in trunk.get_submodule("res2").parameters())
    assert all(p.requires_grad for p in trunk.get_submodule("res3").parameters())


def test_a_trunk_is_what_it_hands_on_and_is_padded_to_nothing() -> None:
    backbone = d2.ResdetBackbone(d2.make_trunk("resnet18", ["res3", "res4"], width=0.125))
    assert backbone.output_shape() == {
        "res3": ShapeSpec(channels=16, stride=8),
        "res4": ShapeSpec(channels=32, stride=16),
    }
    assert backbone.size_divisibility == 0
    assert list(backbone(torch.rand(1, 3, 64, 64))) == ["res3", "res4"]


def test_conv5_is_the_last_stage_of_the_network() -> None:
    head = parts.make_conv5_head("resnet50", width=0.125)
    assert head.out_channels == 256
    assert head(torch.rand(2, 128, 14, 14)).shape == (2, 256)
