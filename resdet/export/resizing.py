"""Resizing in a graph: `resdet.data.transforms` again, of any height and width, as products."""

from __future__ import annotations

from functools import partial
from typing import Any

import torch
from torch import Tensor

_ONE = 2048  # OpenCV weighs the pixels of a linear resize by whole numbers; this is 1
_BITS = 11  # of half such a weight that float32 tells of a place under 2
_THOUSANDTHS = 1000  # what of a pixel is less than one of them, OpenCV leaves out of a mean
_UP = 0.125  # what is added where OpenCV rounds halves up: nothing but a half is so near
_GROUPS = 16
_GRID = 32768  # to whose parts means are rounded first: halves are halves in every runtime


def target_size(height: int, width: int, size: int, max_size: int) -> tuple[int, int]:
    """`transforms.target_size`, to the last bit, of sides that are not known yet."""
    float64 = partial(torch.scalar_tensor, dtype=torch.float64)
    sides = torch.stack([float64(height), float64(width)])
    least, most = float64(size), float64(max_size)  # of a plain one torch takes a reciprocal
    sides = torch.where(sides == sides.min(), least, least / sides.min() * sides)
    longer = sides.max()
    sides = sides * torch.where(longer > most, most / longer, 1.0)
    rounded: Any = torch.floor(sides + 0.5).clamp(min=1).to(torch.int64)
    height, width = rounded[0].item(), rounded[1].item()
    for side in (height, width):
        torch._check(side >= 1)
        torch._check(side <= max_size)
    return height, width


def resize(images: Tensor, height: int, width: int) -> Tensor:
    """What cv2.resize makes of them, INTER_AREA where they shrink and else INTER_LINEAR.

    One after the other, of which one changes nothing.
    Shape: (N, H, W, 3) of whole numbers -> (N, 3, height, width), float32.
    Deviation: a mean that ends in .5 becomes even; in OpenCV the order of additions decides.
    """
    tall: Any = torch.sym_min(height, images.shape[1])
    wide: Any = torch.sym_min(width, images.shape[2])
    return _enlarge(_shrink(images, tall, wide), height, width).permute(2, 3, 1, 0)


def _shrink(images: Tensor, height: int, width: int) -> Tensor:
    """(N, H, W, 3) -> (width, height, N, 3): the mean of what falls into each pixel, rounded."""
    old = images.shape[1:3]
    rows = _sums(images.transpose(0, 1).flatten(1), height)
    columns = torch.unflatten(rows, 1, (-1, old[1], 3)).permute(2, 0, 1, 3)
    columns = torch.unflatten(_sums(columns.flatten(1), width), 1, (height, -1, 3))
    sides = [torch.scalar_tensor(n) for n in (old[0], old[1], height, width)]
    halved = (sides[0] == 2 * sides[2]) & (sides[1] == 2 * sides[3])
    columns = torch.round(columns / (sides[0] * sides[1]) * _GRID) / _GRID
    return torch.round(columns + torch.where(halved, _UP, 0.0))


def _sums(rows: Tensor, new: int) -> Tensor:
    """(old, X) -> (new, X): means times `old`, by groups of new rows that each read few of the old.

    Whole numbers, and so exact, where those of the rows are small.
    """
    old = rows.shape[0]
    each = (new + _GROUPS - 1) // _GROUPS
    reads = each * old // new + 2
    at = torch.arange(_GROUPS)[:, None] * each
    cell = torch.div(at * old, new, rounding_mode="floor") + torch.arange(reads)
    start, cells = ((at + torch.arange(each)) * old)[:, :, None], (cell * new)[:, None]
    common = torch.minimum(start + old, cells + new) - torch.maximum(start, cells)
    shares = torch.where(common * _THOUSANDTHS > new, common, 0).to(torch.float32)
    last = torch.scalar_tensor(old - 1, dtype=torch.int64)
    read = rows.index_select(0, torch.minimum(cell, last).flatten()).to(torch.float32)
    sums = shares.bmm(torch.unflatten(read, 0, (_GROUPS, -1))).flatten(0, 1)
    return sums.index_select(0, torch.arange(new))


def _enlarge(columns: Tensor, height: int, width: int) -> Tensor:
    """(W, H, N, 3) -> (width, height, N, 3) between two columns and then two rows.

    OpenCV keeps 7 bits behind the point between the two, and 2 of what either row adds.
    """
    across, down = _taps(columns.shape[0], width), _taps(columns.shape[1], height)
    left, right = (
        columns.index_select(0, at) * weight[:, None, None, None] for at, weight in across
    )
    columns = torch.floor((left + right) / 16)
    upper, lower = (columns.index_select(1, at) * weight[:, None, None] for at, weight in down)
    return torch.floor((torch.floor(upper / 65536) + torch.floor(lower / 65536) + 2) / 4)


def _taps(old: int, new: int) -> list[tuple[Tensor, Tensor]]:
    """Of the two old pixels beside the centre of each new one: which, and their weights.

    OpenCV takes the place in float32, whose last bit decides a weight that is nearly a half; here
    it is told in whole numbers, since OpenVINO multiplies by the inverse of what others divide by.
    """
    part = 2 * new
    at = (2 * torch.arange(new) + 1) * old + new  # a pixel too far: whole division is of positives
    low = torch.div(at, part, rounding_mode="floor") - 1
    halves = (at - (low + 1) * part) * 2 * _ONE
    whole = torch.div(halves, part, rounding_mode="floor")
    doublings = (low[:, None] >= 2 ** torch.arange(1, _BITS + 1)).sum(1)
    last = (2 ** torch.arange(_BITS, -1, -1)).index_select(0, doublings)  # what float32 still tells
    told = torch.div((halves - whole * part) * 2 * last + part, 2 * part, rounding_mode="floor")
    share = (whole + told.to(torch.float32) / last) / 2
    places = (torch.clamp(low + one, 0, old - 1) for one in (0, 1))
    return [(place, torch.round(w)) for place, w in zip(places, (_ONE - share, share))]
