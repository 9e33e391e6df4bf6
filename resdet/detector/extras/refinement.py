"""Boxes looked at twice, and each winner drawn to what its rivals say."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.ops import box_iou

from resdet.engines.samples import RawDetections
from resdet.modeling.predictions import Predictions, Size, clip, sizeable

# He et al. 2016, Appendix B: "NMS is applied on the union set of predicted boxes using an IoU
# threshold of 0.3, followed by box voting"
NMS_OVERLAP = 0.3
VOTE_OVERLAP = 0.5  # Gidaris and Komodakis 2015, section 4


def regressed(predictions: Predictions, size: Size) -> Tensor:
    """The box of each region's best class: regions for another look, those without area left out.

    Shape: (R, K, 4), (R, K + 1) -> (at most R, 4).
    Source: He et al. 2016, Appendix B, "Box refinement".
    """
    best = predictions.scores[:, :-1].argmax(1)
    boxes = clip(predictions.boxes[torch.arange(len(best), device=best.device), best], size)
    return boxes[torch.isfinite(boxes).all(1) & sizeable(boxes)]


def union(first: Predictions, second: Predictions) -> Predictions:
    """The predictions of both looks."""
    return Predictions(*(torch.cat(pair) for pair in zip(first, second)))


def vote(kept: RawDetections, rivals: RawDetections) -> RawDetections:
    """Each kept box becomes the mean of its class's boxes that overlap it, weighted by score.

    Scores stay. `rivals` are all boxes before suppression, the kept ones among them.
    Source: Gidaris and Komodakis 2015, Object detection via a multi-region & semantic
        segmentation-aware CNN model, section 4, equation 2.
    """
    boxes, labels, scores = kept
    others, their_labels, their_scores = rivals
    alike = labels[:, None] == their_labels[None]
    near = alike & (box_iou(boxes, others) >= VOTE_OVERLAP)
    weights = near * their_scores[None]
    with torch.autocast(boxes.device.type, enabled=False):  # which would round corners to pixels
        voted = (weights @ others) / weights.sum(1, keepdim=True)
    return voted, labels, scores
