"""Engine tv's detector as one graph: images in, boxes out, nothing decided by their number."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from resdet.export import resizing
from resdet.export.regions import describe
from resdet.export.suppression import Suppress

LEAST_SCORE = (
    "least_score"  # what a detection must pass: one number of the file, as its weights are
)
_NONE = 0.0  # score of what is no proposal and no detection
_LEAST = torch.finfo(torch.float32).tiny  # of what is one
_SMALLEST = 1e-2  # side of a detection, pixels; torchvision's
_ALONE = 1000  # boxes from which torchvision suppresses class by class, on a CPU
_PAD = -1e30  # logit of an anchor that is none


class DetectorGraph(nn.Module):
    """(H, W, 3) uint8 RGB -> boxes (D, 4), labels (D,), scores (D,), by falling score.

    The same parts as `model`, a detector of engine tv, and its numbers to rounding; `suppress` is
    of `resdet.export.suppression`. `sizes`, those of the shorter side and at most of the longer:
    the graph resizes; else the image has been resized. `batched`: (N, H, W, 3), and behind the
    scores the image (D,) of each detection, image after image.

    Unit: pixels of the image given; labels count from 0.
    """

    least_score: Tensor

    def __init__(
        self,
        model: nn.Module,
        channel_order: str,
        suppress: Suppress,
        sizes: tuple[int, int] | None = None,
        batched: bool = False,
    ) -> None:
        super().__init__()
        self.model = model
        self._reversed = channel_order == "BGR"
        self._suppress = suppress
        self._sizes = sizes
        self._batched = batched
        heads: Any = model.get_submodule("roi_heads")
        self.register_buffer(LEAST_SCORE, torch.tensor(heads.score_thresh, dtype=torch.float32))

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        """Detect, and leave out what is no detection."""
        images = images if self._batched else images[None]
        box, label, score = self._best(*self.candidates(images))
        found = torch.where((score > _NONE).flatten())[0]
        columns = [box.flatten(0, 1), label.flatten(), score.flatten()]
        if self._batched:
            image = torch.arange(images.shape[0])[:, None].expand_as(score)
            columns.append(image.flatten())
        return tuple(column.index_select(0, found) for column in columns)

    def candidates(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Normalise, pad, propose, describe: each proposal as each class, the last step before
        suppression; what is none has the score 0.

        Shape: (N, H, W, 3) -> boxes (N, K, P, 4), scores (N, K, P), boxes in pixels of the input
            (N, K, P, 4).
        """
        height, width = images.shape[1:3]
        given = _sides(height, width)
        if self._sizes:
            height, width = resizing.target_size(height, width, *self._sizes)
            pixels = resizing.resize(images, height, width)
        else:
            pixels = images.permute(0, 3, 1, 2).to(torch.float32)
        limit = _sides(height, width)
        model: Any = self.model
        transform = model.transform
        pixels = pixels.flip(1) if self._reversed else pixels
        pixels = (pixels - transform.mean) / transform.std
        multiple = transform.divisibility
        if multiple > 1:
            pixels = F.pad(pixels, (0, -width % multiple, 0, -height % multiple))
        features = model.backbone(pixels)
        proposals, real = self._propose(features, limit)
        box, score = self._score(self._describe(features, proposals, limit), proposals, real, limit)
        return box, score, torch.minimum(box * (given / limit), given) if self._sizes else box

    def _propose(self, features: Mapping[str, Tensor], limit: Tensor) -> tuple[Tensor, Tensor]:
        """Boxes (N, P, 4), always as many, and which of them (N, P) are proposals."""
        rpn: Any = self.model.get_submodule("rpn")
        levels = [features[name] for name in rpn._in_features]
        most, keep = rpn.pre_nms_top_n(), rpn.post_nms_top_n()
        boxes, logits = [], []
        for at, (level, objectness, deltas) in enumerate(zip(levels, *rpn.head(levels))):
            rows = objectness.permute(0, 2, 3, 1).flatten(1)
            best, index = F.pad(rows, (0, most), value=_PAD).topk(most)
            index = torch.where(best > _PAD, index, 0)
            anchors = self._anchors(at, level).index_select(0, index.flatten())
            kinds = objectness.shape[1]
            delta = torch.unflatten(deltas, 1, (kinds, 4)).permute(0, 3, 4, 1, 2).flatten(1, 3)
            delta = _take(delta, index).flatten(0, 1)
            box = _clip(rpn.box_coder.decode_single(delta, anchors), limit)
            boxes.append(torch.unflatten(box, 0, (-1, most)))
            logits.append(best)
        box, best = torch.stack(boxes, 1), torch.stack(logits, 1)
        sides = box[..., 2:] - box[..., :2]
        sound = (best > _PAD) & (sides >= rpn.min_size).all(-1)
        score = torch.where(sound, torch.sigmoid(best).clamp(min=_LEAST), _NONE)
        score = torch.where(score >= rpn.score_thresh, score, _NONE)
        kept = self._suppressed(box, score, rpn.nms_thresh, keep)
        score, index = kept.flatten(1).topk(min(keep, most * len(levels)))
        real = score > _NONE
        return torch.where(real[..., None], _take(box.flatten(1, 2), index), 0.0), real

    def _anchors(self, at: int, level: Tensor) -> Tensor:
        generator: Any = self.model.get_submodule("rpn.anchor_generator")
        sizes, ratios = generator.sizes[at], generator.aspect_ratios[at]
        cells = generator.generate_anchors(sizes, ratios)
        stride = generator.strides[at]
        y, x = (torch.arange(n, dtype=torch.int32) * stride for n in level.shape[-2:])
        grid_y, grid_x = torch.meshgrid(y, x, indexing="ij")
        shift = torch.stack([grid_x, grid_y, grid_x, grid_y], dim=-1)
        return (shift[:, :, None] + cells).reshape(-1, 4)

    def _describe(self, features: Mapping[str, Tensor], boxes: Tensor, limit: Tensor) -> Tensor:
        """(N, P, 4) -> a vector a box, (N * P, C)."""
        heads: Any = self.model.get_submodule("roi_heads")
        if heads.context:
            whole = (limit * torch.tensor([0.0, 0.0, 1.0, 1.0])).expand_as(boxes[:, :1])
            boxes = torch.cat([boxes, whole], dim=1)
        image = torch.arange(boxes.shape[0], dtype=torch.float32)[:, None, None]
        rois = torch.cat([image.expand_as(boxes[..., :1]), boxes], dim=2).flatten(0, 1)
        described = describe(heads.box_roi_pool, heads.box_head, features, rois)
        if not heads.context:
            return described
        described = torch.unflatten(described, 0, (-1, boxes.shape[1]))
        regions, image = described[:, :-1], described[:, -1:]
        return torch.cat([regions, image.expand_as(regions)], dim=2).flatten(0, 1)

    def _score(
        self, described: Tensor, proposals: Tensor, real: Tensor, limit: Tensor
    ) -> tuple[Tensor, Tensor]:
        """Boxes (N, K, P, 4) and scores (N, K, P)."""
        heads: Any = self.model.get_submodule("roi_heads")
        logits, deltas = heads.box_predictor(described)
        number, classes = proposals.shape[1], logits.shape[1] - 1
        background_first = torch.cat([logits[:, -1:], logits[:, :-1]], dim=1)
        score = torch.softmax(background_first, -1)[:, 1:]
        score = torch.unflatten(score, 0, (-1, number))
        box = heads.box_coder.decode_single(deltas, proposals.flatten(0, 1))
        box = _clip(torch.unflatten(box, 1, (classes, 4)), limit)
        box = torch.unflatten(box, 0, (-1, number))
        sides = box[..., 2:] - box[..., :2]
        sound = real[..., None] & (score > self.least_score) & (sides >= _SMALLEST).all(-1)
        score = torch.where(sound, score, _NONE)
        return box.transpose(1, 2), score.transpose(1, 2)

    def _best(self, box: Tensor, score: Tensor, own: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Boxes (N, D, 4), labels and scores (N, D), of which those of 0 are no detections."""
        heads: Any = self.model.get_submodule("roi_heads")
        most, classes = heads.detections_per_img, score.shape[1]
        kept = self._suppressed(box, score, heads.nms_thresh, most)
        score, index = F.pad(kept.transpose(1, 2).flatten(1), (0, most), value=_NONE).topk(most)
        index = torch.where(score > _NONE, index, 0)
        return _take(own.transpose(1, 2).flatten(1, 2), index), index % classes, score

    def _suppressed(self, box: Tensor, score: Tensor, iou: float, limit: int) -> Tensor:
        """The scores (N, R, B), 0 where a better box of the row is in the way."""
        apart = _apart(box, score).flatten(0, 1)
        kept = self._suppress(apart, score.flatten(0, 1), iou, _NONE, limit)
        return torch.where(torch.unflatten(kept, 0, (-1, score.shape[1])), score, _NONE)


def _sides(height: int, width: int) -> Tensor:
    return torch.stack([torch.scalar_tensor(side) for side in (width, height, width, height)])


def _clip(boxes: Tensor, limit: Tensor) -> Tensor:
    return torch.minimum(boxes.clamp(min=0), limit)


def _take(rows: Tensor, index: Tensor) -> Tensor:
    """(N, M, 4), (N, B) -> (N, B, 4)."""
    first = torch.arange(rows.shape[0])[:, None] * rows.shape[1]
    taken = rows.flatten(0, 1).index_select(0, (index + first).flatten())
    return torch.unflatten(taken, 0, (-1, index.shape[1]))


def _apart(boxes: Tensor, scores: Tensor) -> Tensor:
    """Boxes (N, R, B, 4) rounded as torchvision's `batched_nms` rounds those of an image, when it
    moves its rows apart.

    Up to a thousand boxes it adds to each a multiple of the largest coordinate, in float32, and
    so suppresses other boxes than it would without. Source: torchvision.ops.boxes.batched_nms.
    """
    taken = scores > _NONE
    largest = torch.where(taken[..., None], boxes, 0.0).flatten(1).amax(1)
    step = torch.where(taken.flatten(1).sum(1) > _ALONE, 0.0, largest + 1)
    row = torch.arange(boxes.shape[1], dtype=torch.float32)
    return boxes + (row * step[:, None])[..., None, None]
