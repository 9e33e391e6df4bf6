"""A detector in its stages, whatever the engine: what the extras of testing are made of."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from fvcore.common.config import CfgNode
from torch import Tensor, nn
from torchvision.ops import batched_nms

from resdet.data.loader import to_tensor, unlabelled
from resdet.data.transforms import Image, resize_shortest_edge
from resdet.engines import Engine
from resdet.engines.samples import Features, Found, Sample

Size = tuple[int, int]  # height, width
LARGEST_GROWTH = math.log(1000.0 / 16)  # of a side; both engines clamp there
LEAST_SIDE = 0.01  # pixels; torchvision's

_NO_BOXES = np.zeros((0, 4), np.float32)


class Predictions(NamedTuple):
    """Boxes (R, K, 4) and probabilities (R, K + 1), background last, of R regions."""

    boxes: Tensor
    scores: Tensor


class View(NamedTuple):
    """An image at one size: what the network got, and what its trunk made of it."""

    sample: Sample
    features: Features

    @property
    def size(self) -> Size:
        """Height and width before padding."""
        height, width = self.sample["image"].shape[-2:]
        return int(height), int(width)


@dataclass(frozen=True)
class Network:
    """A model, its engine, and what its config says of the input and of the boxes."""

    model: nn.Module
    engine: Engine
    cfg: CfgNode

    @property
    def shorter_side(self) -> int:
        """Of the images it is tested on."""
        return int(self.cfg.INPUT.MIN_SIZE_TEST)

    def longest_side(self, shorter_side: int) -> int:
        """INPUT.MAX_SIZE_TEST, in proportion."""
        return round(self.cfg.INPUT.MAX_SIZE_TEST * shorter_side / self.cfg.INPUT.MIN_SIZE_TEST)

    def sample(
        self, image: Image, shorter_side: int, longest_side: int, *, flip: bool = False
    ) -> Sample:
        """`image`, RGB, as the network gets it, mirrored from left to right or not."""
        resized, _ = resize_shortest_edge(image, _NO_BOXES, shorter_side, longest_side)
        if flip:
            resized = np.ascontiguousarray(resized[:, ::-1])
        height, width = image.shape[:2]
        return unlabelled(to_tensor(resized, self.cfg.INPUT.FORMAT), height, width)

    def look(self, sample: Sample) -> View:
        """The first stage."""
        return View(sample, self.engine.features(self.model, [sample]))

    def propose(self, view: View) -> Tensor:
        """The second: regions (P, 4) in pixels of the view."""
        return self.engine.propose(self.model, view.features)[0]

    def describe(self, view: View, boxes: Tensor) -> Tensor:
        """The third: a vector (C,) for each of `boxes` (R, 4) in pixels of the view."""
        return self.engine.describe(self.model, view.features, [boxes])

    def predict(self, described: Tensor, boxes: Tensor) -> Predictions:
        """The last. `boxes` may be in pixels of any view: the refined ones are in the same."""
        scores, deltas = self.engine.predict(self.model, described)
        weights = self.cfg.MODEL.ROI_BOX_HEAD.BBOX_REG_WEIGHTS
        return Predictions(decode(boxes, deltas, weights), scores)


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


def candidates(predictions: Predictions, size: Size, least_score: float) -> Found:
    """Every box of every class above `least_score`, clipped, in the order of the regions."""
    boxes, scores = clip(predictions.boxes, size), predictions.scores[:, :-1]
    sound = torch.isfinite(boxes).all(-1) & torch.isfinite(scores)
    keep = sound & (scores > least_score) & sizeable(boxes)
    return boxes[keep], keep.nonzero()[:, 1], scores[keep]


def suppress(found: Found, overlap: float, limit: int) -> Found:
    """The `limit` best, by falling score, none of which overlaps a better one of its class."""
    boxes, labels, scores = found
    keep = batched_nms(boxes, scores, labels, overlap)[:limit]
    return boxes[keep], labels[keep], scores[keep]
