"""What stands in each region, in operators that every runtime has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from resdet.engines.tv.regions import ProjectedConv5, Rows
from resdet.modeling.pooler import Pooler

_AT_ONCE = 512  # channels: whole regions of a wide layer would take most of a detector's memory


def describe(
    pooler: Pooler, head: nn.Module, features: Mapping[str, Tensor], rois: Tensor
) -> Tensor:
    """A vector a region, as `resdet.engines.tv.roi_heads` has it on a CPU.

    Shape: {name: (N, C, H, W)}, image and box (R, 5) -> (R, out_channels).
    """
    if Rows.fits(pooler) and ProjectedConv5.fits(head):
        return ProjectedConv5(_Cut(pooler), head).describe(features, [rois])
    return pooler.describe(features, rois, head)


class _Cut:
    """`Rows`, by regions that are pooled whole and then cut."""

    def __init__(self, pooler: Pooler) -> None:
        self.strides = pooler.strides
        self._pooler = pooler

    def pool(self, levels: Sequence[Tensor], rois: Tensor, step: int = 1) -> Tensor:
        """Of one level."""
        (name,), (level,) = self.strides, levels
        parts = (
            self._pooler.pool({name: part}, rois) for part in torch.split(level, _AT_ONCE, dim=1)
        )
        return torch.cat([part[..., ::step, ::step] for part in parts], dim=1)
