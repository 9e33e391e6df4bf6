"""Our trunks and heads in the form that detectron2's registries want."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from detectron2.config import CfgNode
from detectron2.layers import ShapeSpec
from detectron2.modeling import (
    BACKBONE_REGISTRY,
    ROI_BOX_HEAD_REGISTRY,
    ROI_HEADS_REGISTRY,
    Backbone,
    StandardROIHeads,
)
from detectron2.modeling.roi_heads.fast_rcnn import FastRCNNOutputLayers
from detectron2.structures import Boxes, Instances
from torch import Tensor

import backbones
from backbones import Trunk
from resdet.modeling import heads
from resdet.modeling.context import with_context
from resdet.modeling.fpn import FPN
from resdet.modeling.parts import build_head, build_network, build_trunk
from resdet.modeling.registry import HEADS, OWN_HEADS


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


class ContextROIHeads(StandardROIHeads):  # type: ignore[misc]
    """detectron2's heads, whose predictor reads what the whole image shows beside each region.

    Source: He et al. 2016, Appendix B, "Global context".
    """

    @classmethod
    def _init_box_head(cls, cfg: CfgNode, input_shape: dict[str, ShapeSpec]) -> dict[str, Any]:
        parts: dict[str, Any] = super()._init_box_head(cfg, input_shape)
        channels = 2 * parts["box_head"].output_shape.channels
        parts["box_predictor"] = FastRCNNOutputLayers(cfg, ShapeSpec(channels=channels))
        return parts

    def describe(
        self, features: dict[str, Tensor], boxes: Sequence[Tensor], sizes: Sequence[tuple[int, int]]
    ) -> Tensor:
        """One vector a box, for the predictor."""
        return with_context(lambda b: describe_boxes(self, features, b), boxes, sizes)

    def _forward_box(
        self, features: dict[str, Tensor], proposals: list[Instances]
    ) -> dict[str, Tensor] | list[Instances]:
        boxes = [p.proposal_boxes.tensor for p in proposals]
        described = self.describe(features, boxes, [p.image_size for p in proposals])
        predictions = self.box_predictor(described)
        if self.training:
            losses: dict[str, Tensor] = self.box_predictor.losses(predictions, proposals)
            return losses
        found: list[Instances] = self.box_predictor.inference(predictions, proposals)[0]
        return found


def describe_boxes(
    heads: StandardROIHeads, features: dict[str, Tensor], boxes: Sequence[Tensor]
) -> Tensor:
    """What detectron2's pooler and head make of each box: one vector."""
    levels = [features[name] for name in heads.box_in_features]
    described: Tensor = heads.box_head(heads.box_pooler(levels, [Boxes(box) for box in boxes]))
    return described


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


def build_resdet_network_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> ResdetBackbone:
    """The network MODEL.BACKBONE.NETWORK up to the features that are read; random weights."""
    return build_resdet_resnet_backbone(cfg, input_shape)


def build_resdet_network_fpn_backbone(cfg: CfgNode, input_shape: ShapeSpec) -> ResdetBackbone:
    """Feature pyramid on the network MODEL.BACKBONE.NETWORK; random weights."""
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
    build_resdet_network_backbone,
    build_resdet_network_fpn_backbone,
)


def _box_head(name: str) -> Callable[[CfgNode, ShapeSpec], heads.BoxHead]:
    for own in (Conv5Head, FC6FC7Head):
        if own.__name__ == name:
            return own

    def build(cfg: CfgNode, input_shape: ShapeSpec) -> heads.BoxHead:
        head, _ = build_head(cfg, build_network(cfg), input_shape.channels)
        head.output_shape = ShapeSpec(channels=head.out_channels)
        return head

    build.__name__ = name  # under which the registry knows it
    return build


def register() -> None:
    """Make our names known to detectron2; calling it again changes nothing."""
    for registry, parts in (
        (BACKBONE_REGISTRY, _BACKBONES),
        (ROI_BOX_HEAD_REGISTRY, tuple(map(_box_head, (*OWN_HEADS, *HEADS.names())))),
        (ROI_HEADS_REGISTRY, (ContextROIHeads,)),
    ):
        for part in parts:
            if part.__name__ not in registry:
                registry.register(part)
