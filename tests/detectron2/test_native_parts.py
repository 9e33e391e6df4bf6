"""Our parts as detectron2 sees them: shapes, strides, registries, stock models around them."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch

pytest.importorskip("detectron2")
pytestmark = pytest.mark.detectron2

from detectron2.config import get_cfg  # noqa: E402
from detectron2.layers import ShapeSpec  # noqa: E402
from detectron2.modeling import build_backbone, build_model  # noqa: E402
from detectron2.modeling.meta_arch import GeneralizedRCNN, RetinaNet  # noqa: E402
from detectron2.modeling.proposal_generator import RPN  # noqa: E402
from detectron2.modeling.roi_heads import StandardROIHeads  # noqa: E402

import resdet  # noqa: E402
import resdet.engines.d2  # noqa: E402  registers

STRIDES = {
    "voc0712_r101": {"res4": 16},
    "voc0712_vgg16": {"conv5": 16},
    "voc0712_r101_fpn": {"p2": 4, "p3": 8, "p4": 16, "p5": 32, "p6": 64},
    "voc0712_vgg16_fpn": {"p2": 4, "p3": 8, "p4": 16, "p5": 32},
}
SLIM = ("MODEL.RESNETS.DEPTH", "50", "MODEL.ROI_BOX_HEAD.FC_DIM", "512")


@pytest.mark.parametrize("base", STRIDES)
def test_a_backbone_describes_what_it_returns(native_config, base: str) -> None:
    cfg = native_config(*SLIM, base=base)
    backbone = build_backbone(cfg)
    shapes = backbone.output_shape()
    assert {name: shape.stride for name, shape in shapes.items()} == STRIDES[base]
    # the coarsest level but the pooled one
    assert backbone.size_divisibility == (max(STRIDES[base].values()) // 2 if "p2" in shapes else 0)
    features = backbone(torch.rand(1, 3, 128, 192))
    assert list(features) == list(shapes)
    for name, shape in shapes.items():
        size = 128 // shape.stride, 192 // shape.stride
        assert features[name].shape == (1, shape.channels, *size)


@pytest.mark.parametrize("base", STRIDES)
def test_the_model_around_them_is_detectron2s_own(native_config, base: str) -> None:
    model = build_model(native_config(*SLIM, base=base))
    assert type(model) is GeneralizedRCNN
    assert type(model.proposal_generator) is RPN
    assert type(model.roi_heads) is StandardROIHeads


def test_a_detector_without_regions_takes_our_pyramid(native_config) -> None:
    cfg = native_config(*SLIM, base="voc0712_r101_fpn")
    cfg.MODEL.META_ARCHITECTURE = "RetinaNet"
    cfg.MODEL.ROI_HEADS.IN_FEATURES = ["res4"]  # detectron2's default, which RetinaNet never reads
    cfg.MODEL.RETINANET.IN_FEATURES = ["p2", "p3", "p4", "p5", "p6"]
    assert type(build_model(cfg)) is RetinaNet


def test_stock_heads_stand_on_our_backbone_and_ours_on_a_stock_one(native_config) -> None:
    cfg = native_config(*SLIM, base="voc0712_r101_fpn")
    cfg.MODEL.ROI_BOX_HEAD.NAME, cfg.MODEL.ROI_BOX_HEAD.NUM_FC = "FastRCNNConvFCHead", 1
    assert build_model(cfg).roi_heads.box_head.output_shape == ShapeSpec(channels=512)
    cfg = native_config(*SLIM, "MODEL.BACKBONE.WIDTH", "1.0", base="voc0712_r101")
    cfg.MODEL.BACKBONE.NAME = "build_resnet_backbone"
    head = build_model(cfg).roi_heads.box_head
    assert type(head) is resdet.engines.d2.parts.Conv5Head
    assert head.output_shape == ShapeSpec(channels=2048)


def test_features_are_float32_under_autocast(native_config) -> None:
    """As bfloat16 the pooler would round boxes to whole pixels."""
    backbone = build_backbone(native_config())
    with torch.autocast("cpu", torch.bfloat16):
        features = backbone(torch.rand(1, 3, 64, 64))
    assert {f.dtype for f in features.values()} == {torch.float32}


def test_an_unregistered_name_is_told(native_config) -> None:
    cfg = native_config()
    cfg.MODEL.BACKBONE.NAME = "build_resdet_resnext_backbone"
    with pytest.raises(KeyError, match="'build_resdet_resnext_backbone' found in 'BACKBONE'"):
        build_model(cfg)


def test_the_import_registers_and_repeats_harmlessly() -> None:
    code = (
        "from detectron2.modeling import BACKBONE_REGISTRY as B, ROI_BOX_HEAD_REGISTRY as H\n"
        "import resdet\n"
        "assert 'build_resdet_resnet_backbone' not in B\n"
        "{}\n"
        "for name in ('resnet', 'resnet_fpn', 'vgg', 'vgg_fpn'):\n"
        "    assert f'build_resdet_{{name}}_backbone' in B\n"
        "assert 'Conv5Head' in H and 'FC6FC7Head' in H\n"
    )
    for line in ("import resdet.engines.d2", "resdet.register(); resdet.register()"):
        done = subprocess.run([sys.executable, "-c", code.format(line)], capture_output=True)
        assert done.returncode == 0, done.stderr.decode()


def test_our_keys_are_added_to_detectron2s_config_once() -> None:
    cfg = get_cfg()
    resdet.add_resdet_config(cfg)
    cfg.MODEL.VGG.DEPTH = 19
    before = cfg.dump()
    resdet.add_resdet_config(cfg)
    assert cfg.dump() == before
