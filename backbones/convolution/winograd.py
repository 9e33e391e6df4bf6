"""3x3 convolutions of stride 1 by Winograd's algorithm: a quarter of the multiplications.

A patch of 6x6 and a filter, each in its basis, give a tile of 4x4 by 36 products, one a place;
summed over the channels, they are 36 products of matrices. See `bases`.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from backbones.convolution.bases import BASES, PLACES, SIDE

_AT_ONCE = 256  # tiles: what is made of them stays in the cache
_PATCH, _FILTER, _TILE = map(torch.from_numpy, BASES)
_PATCH, _TILE = _PATCH.float(), _TILE.float()


def transform(weight: Tensor) -> Tensor:
    """Filters in the basis in which `convolve` takes them.

    Shape: (K, C, 3, 3) -> (36, C, K).
    """
    return _in_basis(weight, _FILTER).permute(1, 2, 0)


def transform_turned(weight: Tensor) -> Tensor:
    """Those with which `convolve` makes, of the gradient of its output, that of its input.

    Shape: (K, C, 3, 3) -> (36, K, C).
    """
    return _in_basis(weight, _FILTER.flip(1)).transpose(0, 1)


def _in_basis(weight: Tensor, basis: Tensor) -> Tensor:
    """(K, C, 3, 3) -> (K, 36, C)."""
    rows = weight.permute(0, 2, 3, 1).reshape(len(weight), -1, weight.shape[1])
    return basis.to(weight.dtype) @ rows


def count_tiles(x: Tensor) -> int:
    """Of 4x4, over all images."""
    return len(x) * -(-x.shape[2] // SIDE) * -(-x.shape[3] // SIDE)


def convolve(x: Tensor, filters: Tensor, bias: Tensor | None = None) -> Tensor:
    """`F.conv2d(x, weight, bias, padding=1)` in float32, `filters` being `transform(weight)`.

    Shape: (N, C, H, W) -> (N, K, H, W), in channels_last memory.
    """
    images, _, height, width = x.shape
    channels, columns = filters.shape[2], -(-width // SIDE)
    out = torch.empty(images, channels, height, width, memory_format=torch.channels_last)
    rows_of_cells = out.permute(0, 2, 3, 1)
    for some, band, patches in _bands(x):
        products = torch.empty(len(patches), PLACES, channels)
        torch.bmm(patches.transpose(0, 1), filters, out=products.transpose(0, 1))
        inside = rows_of_cells[some, band.start * SIDE : band.stop * SIDE]
        tiles = (_TILE @ products).view(len(inside), -1, columns, SIDE, SIDE, channels)
        cells = tiles.transpose(2, 3).reshape(len(inside), -1, columns * SIDE, channels)
        inside.copy_(cells[:, : inside.shape[1], :width])
        if bias is not None:
            inside += bias
    return out


def filter_gradient(x: Tensor, gradient: Tensor) -> Tensor:
    """Of the weight, from that of what `convolve` returned.

    Shape: (N, C, H, W), (N, K, H, W) -> (K, C, 3, 3).
    """
    images, channels, height, width = gradient.shape
    rows, columns = -(-height // SIDE), -(-width // SIDE)
    right, below = columns * SIDE - width, rows * SIDE - height
    whole = F.pad(gradient.permute(0, 2, 3, 1), (0, 0, 0, right, 0, below))
    tiled = whole.view(images, rows, SIDE, columns, SIDE, channels)
    total = torch.zeros(PLACES, x.shape[1], channels)
    for some, band, patches in _bands(x):
        tiles = tiled[some, band].permute(0, 1, 3, 2, 4, 5).reshape(-1, SIDE * SIDE, channels)
        total.baddbmm_(patches.permute(1, 2, 0), (_TILE.T @ tiles).transpose(0, 1))
    filters = _FILTER.T.float() @ total.view(PLACES, -1)
    return filters.view(3, 3, x.shape[1], channels).permute(3, 2, 0, 1)


def _bands(x: Tensor) -> Iterator[tuple[slice, slice, Tensor]]:
    """Images and rows of tiles, and (tiles, 36, C): the patches under them, in the basis."""
    images, channels, height, width = x.shape
    rows, columns = -(-height // SIDE), -(-width // SIDE)
    images_at_once = max(1, min(images, _AT_ONCE // columns))
    rows_at_once = max(1, _AT_ONCE // (images_at_once * columns))
    cells = x.permute(0, 2, 3, 1)
    for some, band in itertools.product(_parts(images, images_at_once), _parts(rows, rows_at_once)):
        top, bottom = band.start * SIDE - 1, band.stop * SIDE + 1
        right, above, below = columns * SIDE + 1 - width, max(-top, 0), max(bottom - height, 0)
        padded = F.pad(cells[some, max(top, 0) : bottom], (0, 0, 1, right, above, below))
        patches = padded.unfold(1, SIDE + 2, SIDE).unfold(2, SIDE + 2, SIDE)
        patches = patches.permute(0, 1, 2, 4, 5, 3).reshape(-1, PLACES, channels)
        yield some, band, _PATCH @ patches


def _parts(whole: int, at_once: int) -> list[slice]:
    return [slice(at, min(at + at_once, whole)) for at in range(0, whole, at_once)]
