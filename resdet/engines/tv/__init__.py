"""Engine tv: the detector built from torchvision's detection parts; nothing to compile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from fvcore.common.config import CfgNode
from torch import Tensor, nn

from resdet.engines.samples import Features, RawDetections, Sample
from resdet.engines.tv.detector import build_detector, build_localiser
from resdet.engines.tv.localiser import Localiser
from resdet.modeling.folding import fold
from resdet.modeling.parts import Parts, is_localiser
from resdet.modeling.weights import load_strictly, rename

NAME = "tv"

# canonical prefix -> torchvision's
_PREFIXES = (
    ("trunk.", "backbone."),
    ("rpn_head.conv.", "rpn.head.conv.0.0."),
    ("rpn_head.objectness_logits.", "rpn.head.cls_logits."),
    ("rpn_head.anchor_deltas.", "rpn.head.bbox_pred."),
    ("box_head.", "roi_heads.box_head."),
    ("box_predictor.", "roi_heads.box_predictor."),
)


def build_model(cfg: CfgNode, parts: Parts) -> nn.Module:
    """A Faster R-CNN around `parts`, or a localiser, on the CPU."""
    return build_localiser(cfg, parts) if is_localiser(cfg) else build_detector(cfg, parts)


def compute_losses(model: nn.Module, batch: Sequence[Sample]) -> dict[str, Tensor]:
    """`loss_rpn_cls`, `loss_rpn_loc`, `loss_cls`, `loss_box_reg`; `model` may be wrapped in DDP.

    Of a localiser the first two or the last two.
    """
    background = not isinstance(getattr(model, "module", model), Localiser)
    device = next(model.parameters()).device
    images, targets = [], []
    for sample in batch:
        image = sample["image"].to(device, non_blocking=True)
        images.append(image)
        target = {
            "boxes": sample["boxes"].to(device, non_blocking=True),
            # torchvision's background is class 0
            "labels": sample["labels"].to(device, non_blocking=True) + background,
            "size": torch.tensor(image.shape[-2:], device=device),
        }
        targets.append(target)
    losses: dict[str, Tensor] = model(images, targets)
    return losses


def detect(model: nn.Module, batch: Sequence[Sample]) -> list[RawDetections]:
    """(boxes, labels, scores) of each image, in pixels of the resized image, by falling score."""
    device = next(model.parameters()).device
    images = [sample["image"].to(device, non_blocking=True) for sample in batch]
    if isinstance(model, Localiser):
        return model.detect(images)
    return [(f["boxes"], f["labels"] - 1, f["scores"]) for f in model(images)]


def features(model: nn.Module, batch: Sequence[Sample]) -> Features:
    """The images normalised, padded and through the trunk."""
    parts: Any = model
    device = next(model.parameters()).device
    images, _ = parts.transform([s["image"].to(device, non_blocking=True) for s in batch])
    return Features(parts.backbone(images.tensors), images)


def propose(model: nn.Module, features: Features) -> list[Tensor]:
    """Regions (P, 4) of each image, in pixels of the resized image, by falling objectness."""
    parts: Any = model
    boxes: list[Tensor] = parts.rpn(features.images, features.maps)[0]
    return boxes


def describe(model: nn.Module, features: Features, boxes: Sequence[Tensor]) -> Tensor:
    """One vector a box, image after image."""
    parts: Any = model
    described: Tensor = parts.roi_heads.describe(
        features.maps, list(boxes), features.images.image_sizes
    )
    return described


def predict(model: nn.Module, described: Tensor) -> tuple[Tensor, Tensor]:
    """Probabilities (R, K + 1), background last, and deltas (R, 4 * K), float32."""
    parts: Any = model
    logits, deltas = parts.roi_heads.box_predictor(described)
    # in torchvision's order of classes, which decides the last bit of a sum over them
    scores = torch.softmax(logits.roll(1, 1), -1).roll(-1, 1)
    return scores, deltas


def speed_up(model: nn.Module) -> None:
    """Fold batch norms; the model then only detects."""
    fold(model)


def canonical_state(model: nn.Module) -> dict[str, Tensor]:
    """Every weight under its canonical name; a localiser's bear them."""
    if isinstance(model, Localiser):
        return model.state_dict()
    return rename(model.state_dict(), [(engine, canonical) for canonical, engine in _PREFIXES])


def load_canonical_state(model: nn.Module, state: dict[str, Tensor], source: str) -> None:
    """Inverse of `canonical_state`, all or nothing. Raises: ValueError that lists what differs."""
    plain = isinstance(model, Localiser)
    load_strictly(model, state if plain else rename(state, _PREFIXES, source), source)
