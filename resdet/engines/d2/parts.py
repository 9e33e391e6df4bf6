"""Our trunks and heads in the form that detectron2's registries want."""

from __future__ import annotations

from detectron2.config import CfgNode
from detectron2.layers import ShapeSpec
from detectron2.modeling import BACKBONE_REGISTRY, ROI_BOX_HEAD_REGISTRY, Backbone
from torch import Tensor

from backbones import Trunk
from resdet.modeling import heads
from resdet.modeling.backbone import build_parts
from resdet.modeling.fpn import FPN


class ResdetBackbone(Backbone):
    """A trunk or a pyramid of ours; channels and strides are those of its `StageInfo`.

    Shape: (N, 3, H, W) -> {name: (N, channels, H / stride, W / stride)}.
    """

    def __init__(self, trunk: Trunk | FPN) -> None:
        super().__init__()
        self.trunk = trunk

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Features by name."""
        return self.trunk(x)

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
        head = build_parts(cfg, with_weights=False).head
        super().__init__(head.get_submodule("res5"), head.out_channels)

    @property
    def output_shape(self) -> ShapeSpec:
        """One vector a region."""
        return ShapeSpec(channels=self.out_channels)


class FC6FC7Head(heads.FC6FC7Head):
    """`resdet.modeling.heads.FC6FC7Head`, built from a config."""

    def __init__(self, cfg: CfgNode, input_shape: ShapeSpec) -> None:
        head = build_parts(cfg, with_weights=False).head
        assert isinstance(head, heads.FC6FC7Head)
        super().__init__(head.fc6, head.fc7, head.dropout)

    @property
    def output_shape(self) -> ShapeSpec:
        """One vector a region."""
        return ShapeSpec(channels=self.out_channels)


def build_resdet_resnet_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> ResdetBackbone:
    """Residual network up to the features that the detector reads; random weights."""
    return ResdetBackbone(build_parts(cfg, with_weights=False).trunk)


def build_resdet_resnet_fpn_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> ResdetBackbone:
    """Feature pyramid on a residual network; random weights."""
    return build_resdet_resnet_backbone(cfg, input_shape)


def build_resdet_vgg_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> ResdetBackbone:
    """VGG up to conv5_3; random weights."""
    return build_resdet_resnet_backbone(cfg, input_shape)


def build_resdet_vgg_fpn_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> ResdetBackbone:
    """Feature pyramid on VGG; random weights."""
    return build_resdet_resnet_backbone(cfg, input_shape)


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
