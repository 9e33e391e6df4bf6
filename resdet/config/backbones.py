"""The backbones that MODEL.BACKBONE.NAME may name, as detectron2's registry has them."""

from __future__ import annotations

from fvcore.common.config import CfgNode

RESNET = "build_resdet_resnet_backbone"
RESNET_FPN = "build_resdet_resnet_fpn_backbone"
VGG = "build_resdet_vgg_backbone"
VGG_FPN = "build_resdet_vgg_fpn_backbone"
NETWORK = "build_resdet_network_backbone"  # any other, by MODEL.BACKBONE.NETWORK
NETWORK_FPN = "build_resdet_network_fpn_backbone"


def uses_fpn(cfg: CfgNode) -> bool:
    """True if the backbone's name asks for a feature pyramid."""
    return str(cfg.MODEL.BACKBONE.NAME) in (RESNET_FPN, VGG_FPN, NETWORK_FPN)


def uses_vgg(cfg: CfgNode) -> bool:
    """True if the backbone's name asks for VGG."""
    return str(cfg.MODEL.BACKBONE.NAME) in (VGG, VGG_FPN)


def uses_network(cfg: CfgNode) -> bool:
    """True if the backbone is one whose stages are not known before it is built."""
    return str(cfg.MODEL.BACKBONE.NAME) in (NETWORK, NETWORK_FPN)
