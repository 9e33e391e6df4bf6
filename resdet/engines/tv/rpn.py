"""torchvision's region proposal network with detectron2's losses and boundary rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead

Target = dict[str, Tensor]


class Float32RPNHead(RPNHead):
    """Objectness and deltas in float32 under autocast, whose bfloat16 would round the anchors."""

    def forward(self, x: list[Tensor]) -> tuple[list[Tensor], list[Tensor]]:
        """Per level (N, A, H, W) and (N, 4 * A, H, W)."""
        logits, deltas = super().forward(x)
        return [t.float() for t in logits], [t.float() for t in deltas]


@dataclass(frozen=True)
class RPNLoss:
    """detectron2's MODEL.RPN words for the loss."""

    boundary_thresh: float
    smooth_l1_beta: float
    loss_weight: float
    box_weight: float


class ProposalNetwork(RegionProposalNetwork):
    """Proposals of each image and, in training, `loss_rpn_cls` and `loss_rpn_loc`.

    A target holds boxes (N, 4), labels (N,) and size (2,): height and width before padding.

    Source: Ren et al. 2015, section 3.1. Both terms are divided by the number of anchors asked
        for, batch_size_per_image * N, as detectron2 does: the mean over processes is then the
        gradient of the whole batch.
    """

    def __init__(
        self,
        *args: Any,
        loss: RPNLoss,
        in_features: tuple[str, ...],
        bbox_reg_weights: tuple[float, float, float, float],
        min_size: float,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._loss = loss
        self._in_features = in_features
        self._sizes: list[tuple[float, float]] = []
        self.box_coder.weights = bbox_reg_weights
        self.min_size = max(1e-3, min_size)  # 1e-3 is torchvision's own

    def forward(
        self,
        images: ImageList,
        features: Mapping[str, Tensor],
        targets: list[Target] | None = None,
    ) -> tuple[list[Tensor], dict[str, Tensor]]:
        """Read only MODEL.RPN.IN_FEATURES; name the losses as detectron2 does."""
        features = {name: features[name] for name in self._in_features}
        boxes, losses = super().forward(images, features, targets)
        if not losses:
            return boxes, {}
        return boxes, {
            "loss_rpn_cls": losses["loss_objectness"],
            "loss_rpn_loc": losses["loss_rpn_box_reg"],
        }

    def assign_targets_to_anchors(
        self, anchors: list[Tensor], targets: list[Target]
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Torchvision's rule; then anchors that leave the image by BOUNDARY_THRESH are ignored."""
        labels, matched = super().assign_targets_to_anchors(anchors, targets)
        threshold = self._loss.boundary_thresh
        if threshold < 0:
            return labels, matched
        for label, anchor, target in zip(labels, anchors, targets):
            height, width = target["size"]
            limit = torch.stack([width, height, width, height]) + threshold
            inside = (anchor[:, :2] >= -threshold).all(1) & (anchor[:, 2:] < limit[2:]).all(1)
            label[~inside] = -1.0
        return labels, matched

    def compute_loss(
        self,
        objectness: Tensor,
        pred_bbox_deltas: Tensor,
        labels: list[Tensor],
        regression_targets: list[Tensor],
    ) -> tuple[Tensor, Tensor]:
        """Cross-entropy and smooth L1 over the sampled anchors of all images."""
        positive, negative = (torch.cat(s).bool() for s in self.fg_bg_sampler(labels))
        sampled = positive | negative
        asked = self.fg_bg_sampler.batch_size_per_image * len(labels)
        label, target = torch.cat(labels), torch.cat(regression_targets)
        logits = objectness.flatten()[sampled]
        cls = F.binary_cross_entropy_with_logits(logits, label[sampled], reduction="sum")
        loc = smooth_l1(pred_bbox_deltas[positive], target[positive], self._loss.smooth_l1_beta)
        weight = self._loss.loss_weight
        return cls * weight / asked, loc * weight * self._loss.box_weight / asked


def smooth_l1(prediction: Tensor, target: Tensor, beta: float) -> Tensor:
    """Sum of the smooth L1 loss; beta 0 is L1."""
    if beta == 0:
        return F.l1_loss(prediction, target, reduction="sum")
    return F.smooth_l1_loss(prediction, target, beta=beta, reduction="sum")
