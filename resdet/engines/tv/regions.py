"""What stands in each region, on a CPU: ROIAlign as sums of whole rows, and a cheaper conv5.

torchvision's ROIAlign runs on one core and reads one number at a time. Here a bin is a weighted sum
of cells, and a cell is a row of all channels: what `F.embedding_bag` does on every core.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, Protocol, TypeGuard, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backbones.blocks import Bottleneck, Projection
from backbones.layers import FrozenBatchNorm2d
from resdet.modeling.heads import Conv5Head
from resdet.modeling.pooler import Pooler, region_levels, with_image

CHUNK = 128  # regions at once in conv5: what they need is freed and used again
_MANY = 1 << 12  # more samples along a side than any region has


class Bags(NamedTuple):
    """Regions of equal numbers of cells a bin: which; (R * bins, cells) their cells and weights."""

    which: Tensor
    cell: Tensor
    weight: Tensor


class Rows:
    """`Pooler` for ROIAlign on a CPU: the same numbers to rounding, as (R, C, S, S) channels last.

    `step` takes every second, third, .. bin of each side only.
    """

    def __init__(self, pooler: Pooler) -> None:
        self.strides = pooler.strides
        self.resolution = pooler.resolution
        self.sampling_ratio = pooler.sampling_ratio
        self.half_pixel = 0.5 if pooler.pooler_type == "ROIAlignV2" else 0.0

    @staticmethod
    def fits(pooler: Pooler) -> bool:
        """True of ROIAlign, where bins are sums; ROIPool takes maxima."""
        return pooler.pooler_type != "ROIPool"

    def __call__(self, features: Mapping[str, Tensor], boxes: Sequence[Tensor]) -> Tensor:
        """Pool the regions of all images, image after image."""
        rois = torch.cat([with_image(box, index) for index, box in enumerate(boxes)])
        return self.pool([features[name] for name in self.strides], rois)

    def pool(self, levels: Sequence[Tensor], rois: Tensor, step: int = 1) -> Tensor:
        """Pool `rois` (R, 5), image and box, out of the level that suits each."""
        strides = list(self.strides.values())
        level = region_levels(rois[:, 1:], strides)
        shapes = torch.tensor([f.shape[-2:] for f in levels])
        cells = torch.cat([f.permute(0, 2, 3, 1).flatten(0, 2) for f in levels]).float()
        ends = torch.tensor([f.shape[0] * f.shape[2] * f.shape[3] for f in levels]).cumsum(0)
        height, width = shapes[level].unbind(1)
        first = F.pad(ends, (1, 0))[level] + rois[:, 0].long() * height * width
        scale = 1.0 / torch.tensor(strides, dtype=torch.float32)[level, None]
        x1, y1, x2, y2 = (rois[:, 1:].float() * scale - self.half_pixel).unbind(1)
        wide, high = x2 - x1, y2 - y1
        if not self.half_pixel:  # ROIAlign without the half pixel knows no region under a cell
            wide, high = wide.clamp(min=1), high.clamp(min=1)
        kinds = self._samples(high) * _MANY + self._samples(wide)
        bags = []
        for kind in torch.unique(kinds).tolist():  # equal numbers of samples, hence of cells
            which = torch.where(kinds == kind)[0]
            count_y, count_x = divmod(kind, _MANY)
            row, weight_y = self._taps(y1[which], high[which], height[which], count_y, step)
            column, weight_x = self._taps(x1[which], wide[which], width[which], count_x, step)
            start = first[which, None, None] + row * width[which, None, None]
            cell = start[:, :, None, :, None] + column[:, None, :, None, :]
            weight = weight_y[:, :, None, :, None] * weight_x[:, None, :, None, :]
            taps = row.shape[2] * column.shape[2]
            bags.append(Bags(which, cell.reshape(-1, taps), weight.reshape(-1, taps)))
        side = -(-self.resolution // step)
        pooled: Tensor = _Sums.apply(cells, bags, len(rois), side * side)
        return pooled.view(len(rois), side, side, cells.shape[1]).permute(0, 3, 1, 2)

    def _taps(
        self, start: Tensor, length: Tensor, limit: Tensor, samples: int, step: int
    ) -> tuple[Tensor, Tensor]:
        """Cells and their weights along one side of each bin, both (R, S, cells of a bin)."""
        width = (length / self.resolution)[:, None, None]
        bins = torch.arange(0, self.resolution, step)[None, :, None]
        inside = (torch.arange(samples) + 0.5) / samples
        at = start[:, None, None] + (bins + inside) * width
        last = limit[:, None, None] - 1
        valid = (at >= -1) & (at <= last + 1)
        at = torch.minimum(at.clamp(min=0), last)
        if self.sampling_ratio:  # two cells for each sample
            cells = torch.cat([at.floor(), at.floor() + 1], dim=-1)
            weight = (1 - (at.repeat(1, 1, 2) - cells).abs()) * valid.repeat(1, 1, 2)
        else:  # at most a cell apart, samples share cells: one more than they are
            cells = at[..., :1].floor() + torch.arange(samples + 1)
            share = (1 - (at[..., None, :] - cells[..., None]).abs()).clamp(min=0)
            weight = (share * (valid & (width > 0))[..., None, :]).sum(-1)
        return torch.minimum(cells.long(), last), weight / samples

    def _samples(self, length: Tensor) -> Tensor:
        """Of a bin along one side: as many as it has cells, or the number asked for."""
        if self.sampling_ratio:
            return torch.full(length.shape, self.sampling_ratio)
        return torch.ceil(length / self.resolution).long().clamp(1, _MANY - 1)


class _Sums(torch.autograd.Function):
    """Every bin as the weighted sum of its cells; every cell's gradient as that of its bins."""

    @staticmethod
    def forward(ctx: Any, cells: Tensor, bags: list[Bags], regions: int, bins: int) -> Tensor:
        """(cells, C) -> (regions * bins, C)."""
        pooled = cells.new_empty(regions * bins, cells.shape[1])
        of_region = pooled.view(regions, bins * cells.shape[1])
        for which, cell, weight in bags:
            sums = F.embedding_bag(cell, cells, per_sample_weights=weight, mode="sum")
            of_region.index_copy_(0, which, sums.view(len(which), -1))
        ctx.bags, ctx.bins, ctx.cells = bags, bins, len(cells)
        return pooled

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        """Sort what was read by cell: the bins that read a cell are a bag of their own."""
        if not ctx.bags:
            return gradients[0].new_zeros(ctx.cells, gradients[0].shape[1]), None, None, None
        inside = torch.arange(ctx.bins)
        read = [
            (which[:, None] * ctx.bins + inside).view(-1, 1).expand_as(cell).reshape(-1)
            for which, cell, _ in ctx.bags
        ]
        cells, order = torch.cat([bag.cell.view(-1) for bag in ctx.bags]).sort()
        counts = torch.bincount(cells, minlength=ctx.cells)
        gradient = F.embedding_bag(
            torch.cat(read)[order],
            gradients[0].contiguous(),
            counts.cumsum(0) - counts,
            per_sample_weights=torch.cat([bag.weight.view(-1) for bag in ctx.bags])[order],
            mode="sum",
        )
        return gradient, None, None, None


class Pools(Protocol):
    """What `ProjectedConv5` needs of `Rows`."""

    @property
    def strides(self) -> Mapping[str, int]:
        """Of the levels that are read, by name."""

    def pool(self, levels: Sequence[Tensor], rois: Tensor, step: int = 1) -> Tensor:
        """Every so many bins of each side of the regions."""


class ProjectedConv5:
    """`Pooler` and then `Conv5Head`, whose first 1x1 layers run on the image, not on each region.

    Pooling is linear, and so is a 1x1 layer without what is added: their order does not matter, and
    an image has fewer cells than its regions have bins. Where the first layers have a stride, only
    the bins that they read are pooled. Norms must be constants, or folded.

    Shape: {name: (N, C, H, W)}, boxes of each image -> (R, out_channels).
    """

    def __init__(self, rows: Pools, head: Conv5Head) -> None:
        self.rows = rows
        self.head = head

    @staticmethod
    def fits(head: nn.Module) -> TypeGuard[Conv5Head]:
        """True of a head that begins with 1x1 layers whose norms are constants."""
        if not isinstance(head, Conv5Head):
            return False
        block = next(head.res5.children())
        if not isinstance(block, Bottleneck) or not isinstance(block.shortcut, Projection):
            return False
        norms = block.norm1, block.shortcut.norm
        return all(isinstance(norm, (nn.Identity, FrozenBatchNorm2d)) for norm in norms)

    def __call__(self, features: Mapping[str, Tensor], boxes: Sequence[Tensor]) -> Tensor:
        """Describe each region by one vector, some of them at a time."""
        rois = torch.cat([with_image(box, index) for index, box in enumerate(boxes)])
        return self.describe(features, torch.split(rois, CHUNK))

    def describe(self, features: Mapping[str, Tensor], parts: Sequence[Tensor]) -> Tensor:
        """Describe the regions of each part (R, 5), image and box."""
        (name,) = self.rows.strides
        block: Any
        block, *later = cast(nn.Sequential, self.head.res5)
        layers = (block.conv1, block.norm1), (block.shortcut.conv, block.shortcut.norm)
        images, added = zip(*(_project(features[name], *layer) for layer in layers))
        vectors = []
        for part in parts:
            reduced, shortcut = (
                self.rows.pool([image], part, conv.stride[0]).add_(shift[:, None, None])
                for image, shift, (conv, _) in zip(images, added, layers)
            )
            out = F.relu_(block.norm2(block.conv2(F.relu_(reduced))))
            out = block.norm3(block.conv3(out))
            out += shortcut
            out = F.relu_(out)
            for following in later:
                out = following(out)
            vectors.append(out.mean(dim=(2, 3)))
        return torch.cat(vectors)


def _project(image: Tensor, conv: nn.Conv2d, norm: nn.Module) -> tuple[Tensor, Tensor]:
    """Every cell of the image through a 1x1 layer and the factor of its norm; what is to be added.

    Of a folded layer that is its bias.
    """
    if not isinstance(norm, FrozenBatchNorm2d):
        return F.conv2d(image, conv.weight), cast(Tensor, conv.bias)
    scale, shift = norm.scale_and_shift()
    return F.conv2d(image, conv.weight * scale[:, None, None, None]), shift
