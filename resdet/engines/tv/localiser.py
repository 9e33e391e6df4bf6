"""The localiser: an RPN of every class by itself, and an R-CNN on the regions that it proposes.

Source: He et al. 2016, Appendix C, "ImageNet Localization".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torchvision.models.detection._utils import BalancedPositiveNegativeSampler, BoxCoder, Matcher
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import box_iou, nms, roi_align

from resdet.engines.tv.anchors import UnroundedAnchors
from resdet.engines.tv.rpn import Target, smooth_l1
from resdet.modeling.batching import NormalizeAndPad
from resdet.modeling.predictions import RawDetections, Size, clip, decode

Weights = tuple[float, float, float, float]
Placed = tuple[Tensor, Tensor]  # boxes (C, 4) and logits (C,) of the classes that were asked for


@dataclass(frozen=True)
class Sampling:
    """What is learnt of an image: `count` anchors or regions, `positive` of them objects at most.

    `overlaps`: below the first is background, from the second on an object.
    `weights` are factors on deltas, `beta` that of the loss of boxes.
    """

    count: int
    positive: float
    overlaps: tuple[float, float]
    weights: Weights
    beta: float


@dataclass(frozen=True)
class Regions:
    """The R-CNN: what it is shown of how many proposals, and how they are warped.

    Unit: `side` in pixels of a region.
    """

    head: nn.Module
    predictor: nn.Module
    sampling: Sampling
    proposals: int
    overlap: float
    side: int


class Seen(NamedTuple):
    """What the RPN says of one image. Shape: logits (P, K), deltas (P, K, 4)."""

    anchors: Tensor
    logits: Tensor
    deltas: Tensor
    size: Size


class Localiser(nn.Module):
    """Of each class the place where it is likeliest, whether it is there or not.

    In training the losses: of the RPN, or of the R-CNN, whose RPN is learnt already.

    Deviation: of a sampled anchor or region the outputs of the class of its nearest object learn;
        Appendix C tells nothing of the other classes'.
    """

    def __init__(
        self,
        trunk: nn.Module,
        feature: str,
        rpn_head: nn.Module,
        anchors: UnroundedAnchors,
        transform: NormalizeAndPad,
        sampling: Sampling,
        limit: int,
        regions: Regions | None = None,
    ) -> None:
        super().__init__()
        self.trunk, self.rpn_head, self.transform = trunk, rpn_head, transform
        self._limit = limit
        self._feature, self._anchors, self._sampling = feature, anchors, sampling
        self._regions = regions
        if regions:
            self.box_head, self.box_predictor = regions.head, regions.predictor
            self.trunk.requires_grad_(False)
            self.rpn_head.requires_grad_(False)

    def forward(self, images: Sequence[Tensor], targets: Sequence[Target]) -> dict[str, Tensor]:
        """The losses of a batch. Shape: boxes (N, 4) and labels (N,) in each target."""
        if self._regions is None:
            seen, _ = self._look(images)
            return self._losses(seen, targets)
        with torch.no_grad():
            seen, tensors = self._look(images)
        return self._region_losses(self._regions, seen, tensors, targets)

    def detect(self, images: Sequence[Tensor]) -> list[RawDetections]:
        """The `limit` likeliest classes of each image and the place of each, by falling score."""
        seen, tensors = self._look(images)
        found = []
        for at, one in enumerate(seen):
            classes = one.logits.amax(0).topk(min(self._limit, one.logits.shape[1])).indices
            boxes, logits = self._place(one, tensors[at : at + 1], classes)
            order = logits.argsort(descending=True)
            found.append((boxes[order], classes[order], logits[order].sigmoid()))
        return found

    def localise(self, images: Sequence[Tensor], classes: Sequence[Tensor]) -> list[RawDetections]:
        """The place of each class that is asked for, in the order of asking."""
        seen, tensors = self._look(images)
        found = []
        for at, (one, asked) in enumerate(zip(seen, classes, strict=True)):
            boxes, logits = self._place(one, tensors[at : at + 1], asked)
            found.append((boxes, asked, logits.sigmoid()))
        return found

    def _look(self, images: Sequence[Tensor]) -> tuple[list[Seen], Tensor]:
        tensors, sizes = self.transform(images)
        features = self.trunk(tensors)[self._feature]
        logits, deltas = self.rpn_head(features)
        anchors, *_ = self._anchors(ImageList(tensors, sizes), [features])
        outputs = zip(logits, deltas, sizes, strict=True)
        return [Seen(anchors, of_one, moves, size) for of_one, moves, size in outputs], tensors

    def _place(self, seen: Seen, image: Tensor, classes: Tensor) -> Placed:
        if self._regions is not None:
            return self._refined(self._regions, seen, image, classes)
        best = seen.logits[:, classes].argmax(0)
        boxes = _boxes(seen.anchors[best], seen.deltas[best, classes], self._sampling)
        return clip(boxes, seen.size), seen.logits[best, classes]

    def _refined(self, regions: Regions, seen: Seen, image: Tensor, classes: Tensor) -> Placed:
        """The likeliest of the regions that the RPN proposes for each class, moved as it says."""
        boxes, logits = [image.new_zeros(0, 4)], [image.new_zeros(0)]
        for label in classes.tolist():
            proposed = self._propose(regions, seen, label)
            scores, deltas = _describe(regions, image, [proposed])
            best = scores[:, label].argmax()
            moved = _boxes(proposed[best, None], deltas[best, None, label], regions.sampling)
            boxes.append(clip(moved, seen.size))
            logits.append(scores[best, None, label])
        return torch.cat(boxes), torch.cat(logits)

    def _propose(self, regions: Regions, seen: Seen, label: int) -> Tensor:
        """The best regions of a class, by falling score."""
        order = seen.logits[:, label].argsort(descending=True)
        boxes = _boxes(seen.anchors[order], seen.deltas[order, label], self._sampling)
        boxes, scores = clip(boxes, seen.size), seen.logits[order, label]
        kept = nms(boxes, scores, regions.overlap) if regions.overlap < 1 else slice(None)
        return boxes[kept][: regions.proposals]

    def _losses(self, seen: Sequence[Seen], targets: Sequence[Target]) -> dict[str, Tensor]:
        """Source: "8 anchors are randomly sampled for each image", half of them objects."""
        rule, sums = self._sampling, [seen[0].logits.sum() * 0, seen[0].deltas.sum() * 0]
        sampler = BalancedPositiveNegativeSampler(rule.count, rule.positive)
        for one, target in zip(seen, targets, strict=True):
            if not len(target["boxes"]):
                continue
            kind, nearest = _matched(one.anchors, target["boxes"], rule, low_quality=True)
            positive, negative = (masks[0].bool() for masks in sampler([kind]))
            rows = torch.where(positive | negative)[0]
            logits = one.logits[rows, target["labels"][nearest[rows]]]
            sums[0] = sums[0] + _logistic(logits, positive[rows])
            hits = torch.where(positive)[0]
            deltas = one.deltas[hits, target["labels"][nearest[hits]]]
            wanted = _deltas(one.anchors[hits], target["boxes"][nearest[hits]], rule)
            sums[1] = sums[1] + smooth_l1(deltas, wanted, rule.beta)
        asked = rule.count * len(seen)
        return {"loss_rpn_cls": sums[0] / asked, "loss_rpn_loc": sums[1] / asked}

    def _region_losses(
        self, regions: Regions, seen: Sequence[Seen], images: Tensor, targets: Sequence[Target]
    ) -> dict[str, Tensor]:
        """Source: an R-CNN on the proposals of the ground-truth class, of many images at once."""
        rule, boxes, wanted = regions.sampling, [], []
        for one, target in zip(seen, targets, strict=True):
            labels = sorted({*target["labels"].tolist()})
            own = [self._propose(regions, one, label) for label in labels]
            chosen, facts = _drawn(torch.cat([one.anchors[:0], *own]), target, rule)
            boxes.append(chosen)
            wanted.append(facts)
        logits, deltas = _describe(regions, images, boxes)
        classes, positive, places = (torch.cat(column) for column in zip(*wanted, strict=True))
        rows = torch.arange(len(classes), device=logits.device)
        hits = torch.where(positive)[0]
        moved = _deltas(torch.cat(boxes)[hits], places[hits], rule)
        asked = rule.count * len(seen)
        loc = smooth_l1(deltas[hits, classes[hits]], moved, rule.beta)
        cls = _logistic(logits[rows, classes], positive)
        return {"loss_cls": cls / asked, "loss_box_reg": loc / asked}


def _describe(regions: Regions, images: Tensor, boxes: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Logits (R, K) and deltas (R, K, 4) of regions cut from the images and warped."""
    warped = roi_align(images, list(boxes), regions.side, aligned=True)
    logits, deltas = regions.predictor(regions.head(warped))
    return logits, deltas


def _drawn(
    proposed: Tensor, target: Target, rule: Sampling
) -> tuple[Tensor, tuple[Tensor, Tensor, Tensor]]:
    """Regions to learn of, true boxes among them; their labels, whether objects, true boxes."""
    boxes, labels = target["boxes"], target["labels"]
    if not len(boxes):
        none = labels.new_zeros(0)
        return boxes, (none, none.bool(), boxes)
    proposed = torch.cat([proposed, boxes])
    kind, nearest = _matched(proposed, boxes, rule, low_quality=False)
    share = int(rule.count * rule.positive + torch.rand(1).item())  # of 1 at 0.5: 0 or 1
    hits, misses = (
        _some(torch.where(kind == value)[0], number)
        for value, number in ((1, share), (0, rule.count - share))
    )
    rows = torch.cat([hits, misses])
    near = nearest[rows]
    return proposed[rows], (labels[near], kind[rows] == 1, boxes[near])


def _some(rows: Tensor, number: int) -> Tensor:
    return rows[torch.randperm(len(rows), device=rows.device)[:number]]


def _matched(
    boxes: Tensor, objects: Tensor, rule: Sampling, *, low_quality: bool
) -> tuple[Tensor, Tensor]:
    """Of each box whether it is an object: 1, 0, or -1 for neither; and the nearest object."""
    overlaps = box_iou(objects, boxes)
    low, high = rule.overlaps
    found = Matcher(high, low, allow_low_quality_matches=low_quality)(overlaps)
    kind = torch.where(found >= 0, 1.0, 0.0)
    kind[found == Matcher.BETWEEN_THRESHOLDS] = -1.0
    nearest = torch.where(found >= 0, found, overlaps.argmax(0))
    return kind, nearest


def _boxes(boxes: Tensor, deltas: Tensor, rule: Sampling) -> Tensor:
    """(R, 4), (R, 4) -> (R, 4)."""
    return decode(boxes, deltas, rule.weights)[:, 0]


def _deltas(boxes: Tensor, objects: Tensor, rule: Sampling) -> Tensor:
    encoded: Tensor = BoxCoder(rule.weights).encode_single(objects, boxes)
    return encoded


def _logistic(logits: Tensor, positive: Tensor) -> Tensor:
    return F.binary_cross_entropy_with_logits(logits, positive.float(), reduction="sum")
