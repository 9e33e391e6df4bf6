"""From what a head says of regions to detections: boxes decoded, clipped, suppressed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor
from torchvision.ops import batched_nms

Size = tuple[int, int]  # height, width
# boxes (N, 4) in pixels of the network's image, labels (N,), scores (N,) falling
RawDetections = tuple[Tensor, Tensor, Tensor]
LARGEST_GROWTH = math.log(1000.0 / 16)  # of a side; both engines clamp there
LEAST_SIDE = 0.01  # pixels; torchvision's


class Predictions(NamedTuple):
    """Boxes (R, K, 4) and probabilities (R, K + 1), background last, of R regions."""

    boxes: Tensor
    scores: Tensor


def to_size(boxes: Tensor, have: Size, want: Size) -> Tensor:
    """(N, 4) in pixels of an image of one size -> of the same image at another; equal: as is."""
    if have == want:
        return boxes
    scale = boxes.new_tensor([want[1] / have[1], want[0] / have[0]] * 2)
    return boxes * scale


def decode(boxes: Tensor, deltas: Tensor, weights: Sequence[float]) -> Tensor:
    """Each region moved and stretched as each class has it.

    Shape: (R, 4), (R, 4 * K) -> (R, K, 4).
    Source: Girshick et al. 2014, Appendix C, equations 1 to 4.
    """
    wide, high = boxes[:, 2] - boxes[:, 0], boxes[:, 3] - boxes[:, 1]
    middle_x, middle_y = boxes[:, 0] + 0.5 * wide, boxes[:, 1] + 0.5 * high
    dx, dy, dw, dh = (deltas[:, i::4] / weight for i, weight in enumerate(weights))
    x, y = dx * wide[:, None] + middle_x[:, None], dy * high[:, None] + middle_y[:, None]
    half_w = 0.5 * (dw.clamp(max=LARGEST_GROWTH).exp() * wide[:, None])
    half_h = 0.5 * (dh.clamp(max=LARGEST_GROWTH).exp() * high[:, None])
    return torch.stack([x - half_w, y - half_h, x + half_w, y + half_h], dim=2)


def clip(boxes: Tensor, size: Size) -> Tensor:
    """(..., 4) -> the part of each box inside the image."""
    height, width = size
    xs, ys = boxes[..., 0::2].clamp(0, width), boxes[..., 1::2].clamp(0, height)
    return torch.stack([xs, ys], dim=-1).flatten(-2)


def sizeable(boxes: Tensor) -> Tensor:
    """(..., 4) -> (...) True where clipping left more than nothing."""
    return ((boxes[..., 2:] - boxes[..., :2]) >= LEAST_SIDE).all(-1)


def candidates(predictions: Predictions, size: Size, least_score: float) -> RawDetections:
    """Every box of every class above `least_score`, clipped, in the order of the regions."""
    boxes, scores = clip(predictions.boxes, size), predictions.scores[:, :-1]
    sound = torch.isfinite(boxes).all(-1) & torch.isfinite(scores)
    keep = sound & (scores > least_score) & sizeable(boxes)
    return boxes[keep], keep.nonzero()[:, 1], scores[keep]


def suppress(found: RawDetections, overlap: float, limit: int) -> RawDetections:
    """The `limit` best, by falling score, none of which overlaps a better one of its class."""
    boxes, labels, scores = found
    keep = batched_nms(boxes, scores, labels, overlap)[:limit]
    return boxes[keep], labels[keep], scores[keep]
