"""Engine d2: detectron2's own Faster R-CNN around our trunk and head, by its registries.

Importing this module registers our parts; see `resdet.register`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from detectron2.config import CfgNode as D2CfgNode
from detectron2.config import get_cfg
from detectron2.modeling import build_model as build_from_registry
from detectron2.structures import Boxes, Instances
from detectron2.utils.events import EventStorage
from fvcore.common.config import CfgNode
from torch import Tensor, nn

from backbones import load_backbone, load_weights
from backbones.machine import distributed
from resdet.checkpoints import checkpoint
from resdet.checkpoints.agreement import adopt
from resdet.checkpoints.alone import alone
from resdet.config.schema import add_resdet_config
from resdet.engines.d2.parts import (
    ContextROIHeads,
    ResdetBackbone,
    describe_boxes,
    make_conv5_head,
    make_trunk,
    register,
)
from resdet.engines.samples import Features, RawDetections, Sample
from resdet.modeling.folding import fold
from resdet.modeling.parts import Parts, build_network
from resdet.modeling.weights import load_strictly, rename

NAME = "d2"
__all__ = [
    "NAME",
    "ResdetBackbone",
    "add_resdet_config",
    "load_config",
    "make_conv5_head",
    "make_trunk",
    "register",
    "to_detectron2",
    "use_backbone",
]

# canonical prefix -> detectron2's: the canonical name is the end of it
_PREFIXES = (
    ("trunk.", "backbone.trunk."),
    ("rpn_head.", "proposal_generator.rpn_head."),
    ("box_head.", "roi_heads.box_head."),
    ("box_predictor.", "roi_heads.box_predictor."),
)

register()


def to_detectron2(cfg: CfgNode) -> D2CfgNode:
    """Return detectron2's `get_cfg()` with every value of ours."""
    theirs = get_cfg()
    add_resdet_config(theirs)
    _copy(cfg, theirs)
    return theirs


def load_config(path: str | Path) -> D2CfgNode:
    """detectron2's config of a checkpoint of ours, for its DefaultPredictor or its trainers.

    MODEL.WEIGHTS is the file, MODEL.DEVICE what is present; INPUT.FORMAT, PIXEL_MEAN and PIXEL_STD
    are those the weights were trained with.
    Raises: FileNotFoundError; ValueError if the file is broken or no such detector.
    """
    saved = checkpoint.load(Path(path))
    if saved.foreign:
        raise ValueError(
            f"checkpoint must be of resdet train-det, got {path} with detectron2's own parts; "
            "give detectron2 the config it was trained by"
        )
    theirs = to_detectron2(alone(saved.cfg, str(path))[0])
    theirs.MODEL.WEIGHTS = str(path)
    theirs.MODEL.DEVICE = str(distributed.device())
    return theirs


def use_backbone(cfg: D2CfgNode, path: str | Path) -> list[str]:
    """Let a training by detectron2 start from a classification checkpoint of ours.

    Sets MODEL.WEIGHTS, INPUT.FORMAT, PIXEL_MEAN and PIXEL_STD in `cfg`; returns what changed.
    Raises: ValueError if the file is no such checkpoint, or does not fit the network of `cfg`.
    """
    if Path(path).suffix != ".pth":
        raise ValueError(
            f"backbone must be a .pth file, which detectron2 can read, got {path}; "
            f"make one: resdet convert-weights {path} backbone.pth"
        )
    load_backbone(Path(path))  # the files of others, which we read too, have names of their own
    loaded = load_weights(build_network(cfg), str(path), drop_classifier=True)
    cfg.MODEL.WEIGHTS = str(path)
    return adopt(cfg, loaded.preprocessing)


def build_model(cfg: CfgNode, parts: Parts) -> nn.Module:
    """A GeneralizedRCNN that detectron2 builds, with the weights of `parts`, on the CPU."""
    register()  # what plugins have added since
    theirs = to_detectron2(cfg)
    theirs.MODEL.DEVICE = "cpu"
    model: nn.Module = build_from_registry(theirs)
    model.get_submodule("backbone.trunk").load_state_dict(parts.trunk.state_dict())
    model.get_submodule("roi_heads.box_head").load_state_dict(parts.head.state_dict())
    return model.to(memory_format=torch.channels_last)  # as engine tv, to the same rounding


def compute_losses(model: nn.Module, batch: Sequence[Sample]) -> dict[str, Tensor]:
    """`loss_rpn_cls`, `loss_rpn_loc`, `loss_cls`, `loss_box_reg`; `model` may be wrapped in DDP."""
    with EventStorage():  # detectron2's parts write into one
        losses: dict[str, Tensor] = model([_with_instances(sample) for sample in batch])
    return losses


def detect(model: nn.Module, batch: Sequence[Sample]) -> list[RawDetections]:
    """(boxes, labels, scores) of each image, in pixels of the resized image, by falling score."""
    found = model.inference([{"image": s["image"]} for s in batch], do_postprocess=False)  # type: ignore[operator]
    return [(f.pred_boxes.tensor, f.pred_classes, f.scores) for f in found]


def features(model: nn.Module, batch: Sequence[Sample]) -> Features:
    """The images normalised, padded and through the trunk."""
    theirs: Any = model
    images = theirs.preprocess_image([{"image": s["image"]} for s in batch])
    return Features(theirs.backbone(images.tensor), images)


def propose(model: nn.Module, features: Features) -> list[Tensor]:
    """Regions (P, 4) of each image, in pixels of the resized image, by falling objectness."""
    theirs: Any = model
    proposals, _ = theirs.proposal_generator(features.images, features.maps, None)
    return [found.proposal_boxes.tensor for found in proposals]


def describe(model: nn.Module, features: Features, boxes: Sequence[Tensor]) -> Tensor:
    """One vector a box, image after image."""
    heads: Any = model.get_submodule("roi_heads")
    if isinstance(heads, ContextROIHeads):
        return heads.describe(features.maps, boxes, features.images.image_sizes)
    return describe_boxes(heads, features.maps, boxes)


def predict(model: nn.Module, described: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities (R, K + 1), background last, and deltas (R, 4 * K), float32."""
    predictor: Any = model.get_submodule("roi_heads.box_predictor")
    logits, deltas = predictor(described)
    if deltas.shape[1] == 4:  # the same box for every class
        deltas = deltas.repeat(1, logits.shape[1] - 1)
    return logits.float().softmax(-1), deltas.float()


def speed_up(model: nn.Module) -> None:
    """Fold batch norms; the model then only detects."""
    fold(model)


def canonical_state(model: nn.Module) -> dict[str, Tensor]:
    """Every weight under its canonical name."""
    return rename(model.state_dict(), [(engine, canonical) for canonical, engine in _PREFIXES])


def load_canonical_state(model: nn.Module, state: dict[str, Tensor], source: str) -> None:
    """Inverse of `canonical_state`, all or nothing. Raises: ValueError that lists what differs."""
    load_strictly(model, rename(state, _PREFIXES, source), source)


def _copy(ours: CfgNode, theirs: D2CfgNode) -> None:
    for key, value in ours.items():
        if isinstance(value, CfgNode):
            _copy(value, theirs[key])
        else:
            theirs[key] = type(theirs[key])(value) if isinstance(value, (list, tuple)) else value


def _with_instances(sample: Sample) -> dict[str, object]:
    instances = Instances(tuple(sample["image"].shape[-2:]))
    instances.gt_boxes = Boxes(sample["boxes"])
    instances.gt_classes = sample["labels"]
    return {"image": sample["image"], "instances": instances}
