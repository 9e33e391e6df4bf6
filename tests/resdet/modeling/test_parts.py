from __future__ import annotations

import pytest
import torch
from torch import nn

from resdet.modeling.heads import BoxPredictor, FC6FC7Head
from resdet.modeling.parts import build_parts
from resdet.modeling.pooler import Pooler, region_levels
from resdet.modeling.weights import load_strictly, rename


def test_pooled_region_of_a_ramp_is_the_ramp_at_the_bin_centres() -> None:
    ramp = torch.arange(16.0).expand(1, 1, 16, 16)  # value = column
    box = torch.tensor([[2.0, 2.0, 6.0, 6.0]])
    # bins of 2 pixels centred on x = 3 and 5; a pixel's centre is at column + 0.5 (V2)
    aligned = Pooler({"f": 1}, 2, 0, "ROIAlignV2")({"f": ramp}, [box])
    assert torch.allclose(aligned[0, 0, 0], torch.tensor([2.5, 4.5]))
    shifted = Pooler({"f": 1}, 2, 0, "ROIAlign")({"f": ramp}, [box])
    assert torch.allclose(shifted[0, 0, 0], torch.tensor([3.0, 5.0]))
    # columns 2..6 in two overlapping bins; the maximum of each
    largest = Pooler({"f": 1}, 2, 0, "ROIPool")({"f": ramp}, [box])
    assert largest[0, 0, 0].tolist() == [4.0, 6.0]


def test_an_unknown_pooler_is_refused() -> None:
    with pytest.raises(ValueError, match="POOLER_TYPE must be .* got 'ROIWarp'"):
        Pooler({"f": 1}, 2, 0, "ROIWarp")


def test_levels_follow_equation_1() -> None:
    sides = torch.tensor([10.0, 111.9, 112.0, 224.0, 448.0, 2000.0])
    boxes = torch.stack([torch.zeros(6), torch.zeros(6), sides, sides], dim=1)
    assert region_levels(boxes, [4, 8, 16, 32]).tolist() == [0, 0, 1, 2, 3, 3]


def test_a_pyramid_pools_each_region_from_its_level_in_order() -> None:
    features = {
        f"p{i}": torch.full((2, 3, 512 // 2**i, 512 // 2**i), float(i)) for i in range(2, 6)
    }
    strides = {f"p{i}": 2**i for i in range(2, 6)}
    big, small = [0.0, 0.0, 448.0, 448.0], [0.0, 0.0, 20.0, 20.0]
    boxes = [torch.tensor([big, small]), torch.tensor([small])]
    pooled = Pooler(strides, 1, 2, "ROIAlign")(features, boxes)
    assert pooled.shape == (3, 3, 1, 1)
    assert pooled[:, 0, 0, 0].tolist() == [5.0, 2.0, 2.0]


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


def test_freeze_at_counts_stages(small_config) -> None:
    trunk = build_parts(small_config("MODEL.BACKBONE.FREEZE_AT", "2")).trunk
    learns = {n.split(".")[0] for n, p in trunk.named_parameters() if p.requires_grad}
    assert learns == {"res3", "res4"}


def test_dropout_acts_in_training_only() -> None:
    head = FC6FC7Head.fresh(2, 2, 64, dropout=0.5)
    x = torch.rand(4, 2, 2, 2)
    assert not torch.equal(head.train()(x), head(x))
    assert torch.equal(head.eval()(x), head(x))


def test_predictor_is_float32_under_autocast() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        logits, deltas = BoxPredictor(8, 3)(torch.rand(2, 8))
    assert (logits.dtype, deltas.dtype) == (torch.float32, torch.float32)
    assert (logits.shape, deltas.shape) == ((2, 4), (2, 12))


def test_rename_refuses_a_key_without_prefix() -> None:
    state = {"a.x": torch.zeros(1), "z": torch.zeros(1)}
    with pytest.raises(ValueError, match=r"weights must begin with \['a\.'\], got z"):
        rename(state, [("a.", "b.")])


def test_strict_loading_lists_every_difference_and_changes_nothing() -> None:
    layer = nn.Linear(2, 2)
    before = layer.weight.clone()
    with pytest.raises(ValueError, match="missing: bias") as caught:
        load_strictly(layer, {"weight": torch.zeros(3, 2), "stranger": torch.zeros(1)}, "f.pth")
    text = str(caught.value)
    assert "unknown: stranger" in text
    assert "weight must be (2, 2), got (3, 2)" in text
    assert "f.pth" in text
    assert torch.equal(layer.weight, before)
