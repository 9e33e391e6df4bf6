"""Images of several sizes as one batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Batch(NamedTuple):
    """Images (N, 3, H, W) float32 and the height and width of each before padding."""

    tensors: Tensor
    image_sizes: list[tuple[int, int]]


class NormalizeAndPad(nn.Module):
    """(pixel - mean) / std, then zeros to the right and below up to one common size.

    Shape: N images (3, H_i, W_i) uint8 -> Batch of (N, 3, H, W), H and W multiples of
        `divisibility`. Resizing is the loader's.
    Unit: mean and std in pixel values, 0..255.
    """

    mean: Tensor
    std: Tensor

    def __init__(self, mean: Sequence[float], std: Sequence[float], divisibility: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(mean).view(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(std).view(3, 1, 1), persistent=False)
        self.divisibility = divisibility

    def forward(self, images: Sequence[Tensor]) -> Batch:
        """Normalise and batch the images."""
        sizes = [(int(i.shape[-2]), int(i.shape[-1])) for i in images]
        height, width = (_round_up(max(s), self.divisibility) for s in zip(*sizes))
        batch = self.mean.new_zeros(len(images), 3, height, width)
        batch = batch.contiguous(memory_format=torch.channels_last)
        for row, image in zip(batch, images):
            normalized = (image.to(self.mean.dtype) - self.mean) / self.std
            row[:, : image.shape[-2], : image.shape[-1]].copy_(normalized)
        return Batch(batch, sizes)


def _round_up(side: int, multiple: int) -> int:
    return -(-side // multiple) * multiple
