"""Region pooling as detectron2 means it: the three poolers, and the level of each region."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor, nn
from torchvision.ops import roi_align, roi_pool

CANONICAL_SIZE = 224.0  # a region of this side, in pixels, reads level 4
CANONICAL_LEVEL = 4


class Pooler(nn.Module):
    """Crop every region out of the features that suit its size.

    `strides` names the features to read. ROIAlignV2 samples half a pixel left of ROIAlign.

    Shape: {name: (N, C, H, W)}, N boxes (R_i, 4) in pixels of the input -> (sum R_i, C, S, S).
    Raises: ValueError for an unknown pooler.
    Source: Lin et al. 2017, Feature Pyramid Networks, equation 1 (levels); He et al. 2017, Mask
        R-CNN, section 3 (ROIAlign).
    """

    def __init__(
        self, strides: Mapping[str, int], resolution: int, sampling_ratio: int, pooler_type: str
    ) -> None:
        super().__init__()
        if pooler_type not in ("ROIAlignV2", "ROIAlign", "ROIPool"):
            raise ValueError(
                f"POOLER_TYPE must be ROIAlignV2, ROIAlign or ROIPool, got {pooler_type!r}"
            )
        self.strides = dict(strides)
        self.resolution = resolution
        self.sampling_ratio = sampling_ratio
        self.pooler_type = pooler_type

    def forward(self, features: Mapping[str, Tensor], boxes: Sequence[Tensor]) -> Tensor:
        """Pool the regions of all images, image after image."""
        return self.pool(features, torch.cat([with_image(b, at) for at, b in enumerate(boxes)]))

    def pool(self, features: Mapping[str, Tensor], rois: Tensor) -> Tensor:
        """Pool `rois` (R, 5), image and box."""
        return self.describe(features, rois, lambda pooled: pooled)

    def describe(
        self, features: Mapping[str, Tensor], rois: Tensor, head: Callable[[Tensor], Tensor]
    ) -> Tensor:
        """Pool `rois` (R, 5), image and box, and give what `head` makes of each.

        It sees them level by level: what it makes is smaller to put in order than what it is given.
        """
        names, number = list(self.strides), rois.shape[0]
        if len(names) == 1:
            return head(self._pool(features[names[0]], rois, self.strides[names[0]]))
        levels = region_levels(rois[:, 1:], list(self.strides.values()))
        inside = [torch.where(levels == level)[0] for level in range(len(names))]
        pooled = torch.cat(
            [
                self._pool(features[name], rois.index_select(0, some), self.strides[name]).float()
                for name, some in zip(names, inside)
            ]
        )
        made = head(pooled.reshape(number, *pooled.shape[1:]))  # torch.export cannot add them up
        place = torch.cat(inside).reshape(number)
        return made.new_zeros(number, *made.shape[1:]).index_put((place,), made)

    def _pool(self, features: Tensor, rois: Tensor, stride: int) -> Tensor:
        size = (self.resolution, self.resolution)
        features = features.float()  # the operators round bfloat16 boxes to whole pixels
        if self.pooler_type == "ROIPool":
            return roi_pool(features, rois, size, 1.0 / stride)
        aligned = self.pooler_type == "ROIAlignV2"
        return roi_align(features, rois, size, 1.0 / stride, self.sampling_ratio, aligned)


def region_levels(boxes: Tensor, strides: Sequence[int]) -> Tensor:
    """Index into `strides` of the level each box reads: larger boxes, coarser levels.

    Shape: (R, 4) -> (R,) int64.
    Source: Lin et al. 2017, equation 1.
    """
    lowest, highest = int(math.log2(strides[0])), int(math.log2(strides[-1]))
    sides = ((boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])).sqrt()
    levels = torch.floor(CANONICAL_LEVEL + torch.log2(sides / CANONICAL_SIZE + 1e-8))
    return levels.clamp(lowest, highest).to(torch.int64) - lowest


def with_image(boxes: Tensor, index: int) -> Tensor:
    """(R, 4) -> (R, 5): the image's number before each box, as torchvision's operators want it."""
    return torch.cat([boxes.new_full((boxes.shape[0], 1), index), boxes], dim=1)
