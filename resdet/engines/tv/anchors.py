"""Anchors as detectron2 lays them: unrounded, sizes outside ratios, strides of the network."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList


class UnroundedAnchors(AnchorGenerator):
    """Boxes of every size and ratio around each cell of every level.

    Shape: levels of (N, C, H_l, W_l) -> N tensors (sum H_l * W_l * A, 4).
    Unit: pixels of the padded input.
    Deviation: torchvision rounds the corners, and divides image by grid for the stride, which
        is 15 where a stride of 16 meets 600 pixels.
    """

    def __init__(
        self,
        sizes: Sequence[Sequence[float]],
        aspect_ratios: Sequence[Sequence[float]],
        strides: Sequence[int],
    ) -> None:
        levels = len(strides)
        super().__init__(_one_each(sizes, levels), _one_each(aspect_ratios, levels))
        self.strides = list(strides)

    def generate_anchors(
        self,
        scales: Sequence[float],
        aspect_ratios: Sequence[float],
        dtype: torch.dtype = torch.float32,
        device: torch.device | str = "cpu",
    ) -> Tensor:
        """Corners around the origin, (scales * ratios, 4); a ratio is height / width."""
        corners = []
        for size in scales:
            for ratio in aspect_ratios:
                width = (size * size / ratio) ** 0.5
                height = ratio * width
                corners.append([-width / 2, -height / 2, width / 2, height / 2])
        return torch.tensor(corners, dtype=dtype, device=device)

    def forward(self, image_list: ImageList, feature_maps: list[Tensor]) -> list[Tensor]:
        """One and the same grid for each image of the padded batch."""
        device = feature_maps[0].device
        self.set_cell_anchors(torch.float32, device)
        grids = [list(f.shape[-2:]) for f in feature_maps]
        strides = [[torch.tensor(s, device=device)] * 2 for s in self.strides]
        anchors = torch.cat(self.grid_anchors(grids, strides))
        return [anchors] * len(image_list.image_sizes)


def _one_each(rows: Sequence[Sequence[float]], levels: int) -> tuple[tuple[float, ...], ...]:
    rows = list(rows) * levels if len(rows) == 1 else rows
    return tuple(tuple(row) for row in rows)
