"""From a config to the parts of a detector: the only place where MODEL.* meets `backbones`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fvcore.common.config import CfgNode

import backbones
from backbones import Classifier, StageInfo, Trunk
from backbones.plugins import HINT
from backbones.weights.checkpoint import Preprocessing
from backbones.weights.interop import LoadedWeights, load_weights
from resdet.modeling.fpn import FPN
from resdet.modeling.heads import BoxHead, Conv5Head, FC6FC7Head, HeadInputs
from resdet.modeling.per_class import LOCALISER, REFINED_LOCALISER, NetworkHead, NoHead
from resdet.modeling.registry import HEADS, OWN_HEADS


@dataclass(frozen=True)
class Parts:
    """Trunk and head cut from one network, the features between them, and where weights went.

    `preprocessing` is what the loaded weights were trained to see; None without weights.
    """

    trunk: Trunk | FPN
    infos: dict[str, StageInfo]
    head: BoxHead
    size_divisibility: int
    preprocessing: Preprocessing | None
    report: str


def build_parts(cfg: CfgNode, *, with_weights: bool = True) -> Parts:
    """Build the network, load `MODEL.WEIGHTS` into it, cut it, freeze what does not learn.

    Raises: ValueError if the weights do not fit the network.
    """
    network = build_network(cfg)
    loaded: LoadedWeights | None = None
    if with_weights and cfg.MODEL.WEIGHTS:
        loaded = load_weights(network, cfg.MODEL.WEIGHTS, drop_classifier=True)
    trunk = build_trunk(cfg, network)
    infos = trunk.stage_infos()
    _check_features(cfg, infos)
    head, source = build_head(cfg, network, infos[cfg.MODEL.ROI_HEADS.IN_FEATURES[0]].channels)
    bottom_up = trunk.bottom_up if isinstance(trunk, FPN) else trunk
    stages = ", ".join(bottom_up.stages())
    report = f"{stages} -> trunk; {source} -> box head"
    if loaded and loaded.dropped:
        report += f"; dropped {', '.join(loaded.dropped)}"
    return Parts(
        trunk=trunk,
        infos=infos,
        head=head,
        size_divisibility=trunk.size_divisibility if isinstance(trunk, FPN) else 1,
        preprocessing=loaded.preprocessing if loaded else None,
        report=f"{cfg.MODEL.WEIGHTS if loaded else 'random weights'}: {report}",
    )


def _check_features(cfg: CfgNode, infos: Mapping[str, StageInfo]) -> None:
    for key in ("RPN", "ROI_HEADS"):
        features = cfg.MODEL[key].IN_FEATURES
        if not features or not set(features) <= set(infos):
            raise ValueError(
                f"MODEL.{key}.IN_FEATURES must be of {list(infos)}, which the backbone has, "
                f"got {list(features)}"
            )


def is_localiser(cfg: CfgNode) -> bool:
    """Whether a config asks where a class is, and not which are there."""
    return cfg.MODEL.META_ARCHITECTURE in (LOCALISER, REFINED_LOCALISER)


def build_network(cfg: CfgNode) -> Classifier:
    """The classification network that the config names, with one class in place of its own."""
    width = cfg.MODEL.BACKBONE.WIDTH
    if cfg.MODEL.BACKBONE.NETWORK:
        slim = {} if width == 1 else {"width": width}
        return backbones.create(
            cfg.MODEL.BACKBONE.NETWORK, num_classes=1, norm=cfg.MODEL.RESNETS.NORM, **slim
        )
    if "_vgg_" in cfg.MODEL.BACKBONE.NAME:
        vgg = cfg.MODEL.VGG
        return backbones.create(
            f"vgg{vgg.DEPTH}", num_classes=1, width=width, norm=vgg.NORM or None
        )
    resnets = cfg.MODEL.RESNETS
    return backbones.create(
        f"resnet{resnets.DEPTH}",
        num_classes=1,
        width=width,
        stride_in_1x1=resnets.STRIDE_IN_1X1,
        res5_dilation=resnets.RES5_DILATION,
        norm=resnets.NORM,
    )


def build_trunk(cfg: CfgNode, network: Classifier) -> Trunk | FPN:
    """The stages that the detector reads, cut from `network` and frozen as the config says."""
    if "_fpn_" in cfg.MODEL.BACKBONE.NAME:
        fpn = cfg.MODEL.FPN
        bottom_up = network.trunk(*fpn.IN_FEATURES)
        backbones.freeze_at(bottom_up, cfg.MODEL.BACKBONE.FREEZE_AT)
        return FPN(bottom_up, fpn.IN_FEATURES, fpn.OUT_CHANNELS, fpn.NORM, fpn.FUSE_TYPE)
    trunk = network.trunk(*{*cfg.MODEL.RPN.IN_FEATURES, *cfg.MODEL.ROI_HEADS.IN_FEATURES})
    backbones.freeze_at(trunk, cfg.MODEL.BACKBONE.FREEZE_AT)
    return trunk


def build_head(cfg: CfgNode, network: Classifier, channels: int) -> tuple[BoxHead, str]:
    """What describes a region of `channels`, and where its weights come from."""
    if cfg.MODEL.META_ARCHITECTURE == LOCALISER:
        return NoHead(), "none"
    if cfg.MODEL.META_ARCHITECTURE == REFINED_LOCALISER:
        return NetworkHead(network), "a copy of all stages"
    box_head = cfg.MODEL.ROI_BOX_HEAD
    build = HEADS.get(box_head.NAME)
    if build is not None:
        head = build(
            HeadInputs(
                network, channels, box_head.POOLER_RESOLUTION, box_head.FC_DIM, box_head.DROPOUT
            )
        )
        if not isinstance(getattr(head, "out_channels", None), int):
            raise ValueError(
                f"head {box_head.NAME} must have out_channels, the length of its vectors, got "
                f"{type(head).__name__} without; set it where the head is made"
            )
        return head, f"new {box_head.NAME}"
    if box_head.NAME not in OWN_HEADS:
        raise ValueError(f"MODEL.ROI_BOX_HEAD.NAME must be built here, got {box_head.NAME!r}{HINT}")
    if box_head.NAME == "Conv5Head":
        *_, last = network.stage_infos().values()
        return Conv5Head(network.get_submodule(last.name), last.channels), last.name
    inputs = channels * box_head.POOLER_RESOLUTION**2
    if isinstance(network, backbones.VGG) and "_fpn_" not in cfg.MODEL.BACKBONE.NAME:
        fc6 = network.fc6
        if (fc6.in_features, fc6.out_features) == (inputs, box_head.FC_DIM):
            return FC6FC7Head(fc6, network.fc7, box_head.DROPOUT), "fc6, fc7"
    fresh = FC6FC7Head.fresh(
        channels, box_head.POOLER_RESOLUTION, box_head.FC_DIM, box_head.DROPOUT
    )
    return fresh, "new fc6, fc7"
