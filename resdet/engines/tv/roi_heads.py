"""torchvision's RoI heads with our head, our predictor, and a loss blind to the batch's split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.models.detection.roi_heads import RoIHeads

from backbones.machine.distributed import mean_over_ranks
from resdet.engines.tv.regions import ProjectedConv5, Rows
from resdet.engines.tv.rpn import Target, smooth_l1
from resdet.modeling.context import with_context


class BoxHeads(RoIHeads):
    """Detections of each image or, in training, `loss_cls` and `loss_box_reg`.

    With `context`, the predictor reads what the whole image shows beside each region.

    On a CPU `regions.Rows` stands for the pooler, and `ProjectedConv5` for pooler and head where
    it may.

    Inside, the background is class 0, as torchvision has it; `BoxPredictor` has it last.

    Deviation: both terms are divided by the proposals sampled in all processes over the number
        of processes, so that the mean over processes is the gradient of the whole batch;
        detectron2 and torchvision divide by each process's own.
    """

    def __init__(
        self,
        *args: Any,
        smooth_l1_beta: float,
        box_weight: float,
        context: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.context = context
        self._smooth_l1_beta = smooth_l1_beta
        self._box_weight = box_weight
        self._rows = Rows(self.box_roi_pool) if Rows.fits(self.box_roi_pool) else None

    def forward(
        self,
        features: Mapping[str, Tensor],
        proposals: list[Tensor],
        image_shapes: list[tuple[int, int]],
        targets: list[Target] | None = None,
    ) -> tuple[list[dict[str, Tensor]], dict[str, Tensor]]:
        """Pool, describe, classify and refine each proposal."""
        if self.training:
            proposals, _, labels, deltas = self.select_training_samples(proposals, targets)
        described = self.describe(features, proposals, image_shapes)
        logits, refinements = _background_first(*self.box_predictor(described))
        if self.training:
            return [], self._losses(logits, refinements, torch.cat(labels), torch.cat(deltas))
        found = self.postprocess_detections(logits, refinements, proposals, image_shapes)
        return [{"boxes": b, "scores": s, "labels": n} for b, s, n in zip(*found)], {}

    def describe(
        self,
        features: Mapping[str, Tensor],
        boxes: Sequence[Tensor],
        image_shapes: Sequence[tuple[int, int]],
    ) -> Tensor:
        """One vector a box, for the predictor."""
        if not self.context:
            return self._describe(features, boxes)
        return with_context(lambda b: self._describe(features, b), boxes, image_shapes)

    def _describe(self, features: Mapping[str, Tensor], boxes: Sequence[Tensor]) -> Tensor:
        pool, head = self.box_roi_pool, self.box_head
        if boxes[0].device.type == "cpu" and self._rows:
            if ProjectedConv5.fits(head):
                return ProjectedConv5(self._rows, head)(features, boxes)
            pool = self._rows
        described: Tensor = head(pool(features, boxes))
        return described

    def _losses(
        self, logits: Tensor, refinements: Tensor, labels: Tensor, deltas: Tensor
    ) -> dict[str, Tensor]:
        sampled = torch.tensor(float(len(labels)), device=labels.device)
        divisor = mean_over_ranks(sampled).clamp(min=1.0)
        positive = torch.where(labels > 0)[0]
        per_class = refinements.reshape(len(labels), -1, 4)
        chosen = per_class[positive, labels[positive]]
        loc = smooth_l1(chosen, deltas[positive], self._smooth_l1_beta)
        return {
            "loss_cls": F.cross_entropy(logits, labels, reduction="sum") / divisor,
            "loss_box_reg": self._box_weight * loc / divisor,
        }


def _background_first(logits: Tensor, refinements: Tensor) -> tuple[Tensor, Tensor]:
    """Canonical columns to torchvision's; the background gets a refinement of 0, never read."""
    logits = torch.cat([logits[:, -1:], logits[:, :-1]], dim=1)
    return logits, F.pad(refinements, (4, 0))
