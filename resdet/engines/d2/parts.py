"""Our trunks and heads in the form that detectron2's registries want."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from detectron2.config import CfgNode
from detectron2.layers import ShapeSpec
from detectron2.modeling import BACKBONE_REGISTRY, ROI_BOX_HEAD_REGISTRY, Backbone
from torch import Tensor

import backbones
from backbones import Trunk
from resdet.modeling import heads
from resdet.modeling.backbone import build_head, build_network, build_trunk
from resdet.modeling.fpn import FPN


class ResdetBackbone(Backbone):
    """A trunk or a pyramid of ours; channels and strides are those of its `StageInfo`.

    Shape: (N, 3, H, W) -> {name: (N, channels, H / stride, W / stride)}, float32 under autocast
        too: detectron2's pooler gives its boxes the type of the features.
    """

    def __init__(self, trunk: Trunk | FPN) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Features by name."""
        return {name: feature.float() for name, feature in self.trunk(x).items()}

    def output_shape(self) -> dict[str, ShapeSpec]:
        """Channels and stride of each feature."""
        infos = self.trunk.stage_infos()
        names = self.trunk.out_features if isinstance(self.trunk, Trunk) else tuple(infos)
        return {n: ShapeSpec(channels=infos[n].channels, stride=infos[n].stride) for n in names}

    @property
    def size_divisibility(self) -> int:
        """What height and width are padded to a multiple of."""
        return self.trunk.size_divisibility if isinstance(self.trunk, FPN) else 0


class Conv5Head(heads.Conv5Head):
    """`resdet.modeling.heads.Conv5Head`, built from a config."""

    def __init__(self, cfg: CfgNode, input_shape: ShapeSpec) -> None:
        head, _ = build_head(cfg, build_network(cfg), input_shape.channels)
        assert isinstance(head, heads.Conv5Head)
        super().__init__(head.res5, head.out_channels)

    @property
    def output_shape(self) -> ShapeSpec:
        """One vector a region."""
        return ShapeSpec(channels=self.out_channels)


class FC6FC7Head(heads.FC6FC7Head):
    """`resdet.modeling.heads.FC6FC7Head`, built from a config."""

    def __init__(self, cfg: CfgNode, input_shape: ShapeSpec) -> None:
        head, _ = build_head(cfg, build_network(cfg), input_shape.channels)
        assert isinstance(head, heads.FC6FC7Head)
        super().__init__(head.fc6, head.fc7, head.dropout)

    @property
    def output_shape(self) -> ShapeSpec:
        """One vector a region."""
        return ShapeSpec(channels=self.out_channels)


def build_resdet_resnet_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> ResdetBackbone:
    """Residual network up to the features that the detector reads; random weights."""
    return ResdetBackbone(build_trunk(cfg, build_network(cfg)))


def build_resdet_resnet_fpn_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> ResdetBackbone:
    """Feature pyramid on a residual network; random weights."""
    return build_resdet_resnet_backbone(cfg, input_shape)


def build_resdet_vgg_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> ResdetBackbone:
    """VGG up to conv5_3; random weights."""
    return build_resdet_resnet_backbone(cfg, input_shape)


def build_resdet_vgg_fpn_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> ResdetBackbone:
    """Feature pyramid on VGG; random weights."""
    return build_resdet_resnet_backbone(cfg, input_shape)


def make_trunk(name: str, features: Sequence[str], freeze_at: int = 0, **options: Any) -> Trunk:
    """Stages of `backbones.create(name, **options)` up to the deepest of `features`."""
    trunk = backbones.create(name, num_classes=1, **options).trunk(*features)
    return backbones.freeze_at(trunk, freeze_at)


def make_conv5_head(name: str, **options: Any) -> heads.Conv5Head:
    """The last stage of the residual network `backbones.create(name, **options)`."""
    network = backbones.create(name, num_classes=1, **options)
    return heads.Conv5Head(network.get_submodule("res5"), network.stage_infos()["res5"].channels)


_BACKBONES = (
    build_resdet_resnet_backbone,
    build_resdet_resnet_fpn_backbone,
    build_resdet_vgg_backbone,
    build_resdet_vgg_fpn_backbone,
)


def register() -> None:
    """Make our names known to detectron2; calling it again changes nothing."""
    for registry, parts in (
        (BACKBONE_REGISTRY, _BACKBONES),
        (ROI_BOX_HEAD_REGISTRY, (Conv5Head, FC6FC7Head)),
    ):
        for part in parts:
            if part.__name__ not in registry:
                registry.register(part)
