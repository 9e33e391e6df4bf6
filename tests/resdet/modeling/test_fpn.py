"""A pyramid over a trunk."""

from __future__ import annotations

import torch

import backbones
from resdet.modeling.fpn import FPN
from resdet.modeling.parts import build_parts


def test_fpn_adds_the_coarser_level_to_the_lateral_one(small_config) -> None:
    cfg = small_config("MODEL.RESNETS.DEPTH", "18", base="coco_r101_fpn")
    fpn = build_parts(cfg).trunk.eval()
    x = torch.rand(1, 3, 64, 64)
    with torch.no_grad():
        stages = fpn.bottom_up.features(x, ["res4", "res5"])
        top = fpn.lateral["res5"](stages["res5"])
        expected = fpn.lateral["res4"](stages["res4"]) + top.repeat_interleave(
            2, dim=2
        ).repeat_interleave(2, dim=3)
        assert torch.allclose(fpn(x)["p4"], fpn.output["res4"](expected), atol=1e-5)


def test_levels_are_those_of_the_trunk_and_one_pooled_from_the_coarsest() -> None:
    stages = ["res3", "res4"]
    trunk = backbones.create("resnet18", width=0.125, num_classes=1).trunk(*stages)
    for fuse, scale in (("sum", 1.0), ("avg", 0.5)):
        fpn = FPN(trunk, stages, 8, norm="GN", fuse=fuse).eval()
        assert {name: info.stride for name, info in fpn.stage_infos().items()} == {
            "p3": 8,
            "p4": 16,
            "p5": 32,
        }
        assert fpn.size_divisibility == 16
        x = torch.rand(1, 3, 64, 64)
        with torch.no_grad():
            found, features = fpn(x), trunk.eval().features(x, stages)
            top, lateral = (fpn.lateral[name](features[name]) for name in ("res4", "res3"))
            coarser = top.repeat_interleave(2, dim=2).repeat_interleave(2, dim=3)
            expected = fpn.output["res3"]((lateral + coarser) * scale)
        torch.testing.assert_close(found["p3"], expected)
        assert torch.equal(found["p5"], found["p4"][:, :, ::2, ::2])
