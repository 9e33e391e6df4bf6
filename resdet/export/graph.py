"""Engine tv's detector as one graph: an image in, boxes out, nothing decided by their number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from resdet.export.suppression import Suppress

_NONE = -1.0  # score of what is no detection
_SMALLEST = 1e-2  # side of a detection, pixels; torchvision's
_ALONE = 1000  # boxes from which torchvision suppresses class by class, on a CPU
_PAD = -1e30  # logit of an anchor that is none


class DetectorGraph(nn.Module):
    """(H, W, 3) uint8 RGB -> boxes (D, 4), labels (D,), scores (D,), by falling score.

    The same parts as `model`, a detector of engine tv, and its numbers to rounding; `suppress` is
    of `resdet.export.suppression`.

    Unit: pixels of the image given; labels count from 0.
    """

    def __init__(self, model: nn.Module, channel_order: str, suppress: Suppress) -> None:
        super().__init__()
        self.model = model
        self._reversed = channel_order == "BGR"
        self._suppress = suppress

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Normalise, pad, propose, describe, suppress."""
        height, width = image.shape[:2]
        model: Any = self.model
        transform = model.transform
        pixels = image.flip(2) if self._reversed else image
        pixels = (pixels.permute(2, 0, 1).to(torch.float32) - transform.mean) / transform.std
        multiple = transform.divisibility
        if multiple > 1:
            pixels = F.pad(pixels, (0, -width % multiple, 0, -height % multiple))
        limit = torch.stack([torch.scalar_tensor(side) for side in (width, height, width, height)])
        features = model.backbone(pixels[None])
        proposals = self._propose(features, limit)
        heads = model.roi_heads
        logits, deltas = heads.box_predictor(self._describe(features, proposals, limit))
        return self._select(logits, deltas, proposals, limit)

    def _describe(self, features: Mapping[str, Tensor], boxes: Tensor, limit: Tensor) -> Tensor:
        """A vector a box; the whole image is described too, so that there is always a region."""
        heads: Any = self.model.get_submodule("roi_heads")
        whole = limit * torch.tensor([[0.0, 0.0, 1.0, 1.0]])
        described = heads.box_head(heads.box_roi_pool(features, [torch.cat([boxes, whole])]))
        regions, image = described[:-1], described[-1:]
        if not heads.context:
            return regions
        return torch.cat([regions, image.expand_as(regions)], dim=1)

    def _propose(self, features: Mapping[str, Tensor], limit: Tensor) -> Tensor:
        rpn: Any = self.model.get_submodule("rpn")
        levels = [features[name] for name in rpn._in_features]
        most, keep = rpn.pre_nms_top_n(), rpn.post_nms_top_n()
        boxes, logits = [], []
        for at, (level, objectness, deltas) in enumerate(zip(levels, *rpn.head(levels))):
            rows = objectness[0].permute(1, 2, 0).reshape(-1)
            best, index = F.pad(rows, (0, most), value=_PAD).topk(most)
            index = torch.where(best > _PAD, index, 0)
            anchors = self._anchors(at, level)[index]
            kinds = objectness.shape[1]
            delta = deltas[0].unflatten(0, (kinds, 4)).permute(2, 3, 0, 1).reshape(-1, 4)[index]
            boxes.append(_clip(rpn.box_coder.decode_single(delta, anchors), limit))
            logits.append(best)
        box, best = torch.stack(boxes), torch.stack(logits)
        sides = box[..., 2:] - box[..., :2]
        sound = (best > _PAD) & (sides >= rpn.min_size).all(-1)
        score = torch.where(sound, torch.sigmoid(best), _NONE)
        score = torch.where(score >= rpn.score_thresh, score, _NONE)
        kept = self._suppress(_apart(box, score), score, rpn.nms_thresh, _NONE / 2, keep)
        score = torch.where(kept, score, _NONE).reshape(-1)
        score, index = score.topk(min(keep, score.shape[0]))
        return box.reshape(-1, 4)[index[score > _NONE / 2]]

    def _anchors(self, at: int, level: Tensor) -> Tensor:
        generator: Any = self.model.get_submodule("rpn.anchor_generator")
        sizes, ratios = generator.sizes[at], generator.aspect_ratios[at]
        cells = generator.generate_anchors(sizes, ratios)
        stride = generator.strides[at]
        y, x = (torch.arange(n, dtype=torch.int32) * stride for n in level.shape[-2:])
        grid_y, grid_x = torch.meshgrid(y, x, indexing="ij")
        shift = torch.stack([grid_x, grid_y, grid_x, grid_y], dim=-1)
        return (shift[:, :, None] + cells).reshape(-1, 4)

    def _select(
        self, logits: Tensor, deltas: Tensor, proposals: Tensor, limit: Tensor
    ) -> tuple[Tensor, Tensor, Tensor]:
        heads: Any = self.model.get_submodule("roi_heads")
        classes = logits.shape[1] - 1
        background_first = torch.cat([logits[:, -1:], logits[:, :-1]], dim=1)
        score = torch.softmax(background_first, -1)[:, 1:].t()
        box = heads.box_coder.decode_single(deltas, proposals).unflatten(1, (classes, 4))
        box = _clip(box.transpose(0, 1), limit)
        sides = box[..., 2:] - box[..., :2]
        sound = (score > heads.score_thresh) & (sides >= _SMALLEST).all(-1)
        score = torch.where(sound, score, _NONE)
        most = heads.detections_per_img
        kept = self._suppress(_apart(box, score), score, heads.nms_thresh, _NONE / 2, most)
        score = torch.where(kept, score, _NONE).t().reshape(-1)
        score, index = F.pad(score, (0, most), value=_NONE).topk(most)
        real = score > _NONE / 2
        score, index = score[real], index[real]
        return box.transpose(0, 1).reshape(-1, 4)[index], index % classes, score


def _clip(boxes: Tensor, limit: Tensor) -> Tensor:
    return torch.minimum(boxes.clamp(min=0), limit)


def _apart(boxes: Tensor, scores: Tensor) -> Tensor:
    """Boxes rounded as torchvision's `batched_nms` rounds them when it moves rows apart.

    Up to a thousand boxes it adds to each a multiple of the largest coordinate, in float32, and
    so suppresses other boxes than it would without. Source: torchvision.ops.boxes.batched_nms.
    """
    taken = scores > _NONE / 2
    # a 0 more: of no box at all there would be no largest coordinate
    largest = F.pad(torch.where(taken[..., None], boxes, 0.0).reshape(-1), (0, 1)).max()
    step = torch.where(taken.sum() > _ALONE, 0.0, largest + 1)
    row = torch.arange(boxes.shape[0], dtype=torch.float32)
    return boxes + (row * step)[:, None, None]
