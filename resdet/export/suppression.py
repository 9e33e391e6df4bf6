"""Non-maximum suppression of many independent rows of boxes, in the words of each format.

Either function gives, for boxes (B, N, 4) and scores (B, N), the mask (B, N) of what is kept:
every row by itself, scores at `least` or under it never, at most `limit` a row by falling score.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torchvision.ops import nms

Suppress = Callable[[Tensor, Tensor, float, float, int], Tensor]

_APART = 2.0**20  # more than any coordinate: rows that lie so far apart do not touch


def by_offset(boxes: Tensor, scores: Tensor, iou: float, least: float, limit: int) -> Tensor:
    """One `torchvision.ops.nms` for all rows, which are moved apart. `limit` is not needed.

    In float64 the corners stay what they are to the last bit, which in float32 they would not.
    """
    rows, number = scores.shape
    flat = scores.reshape(-1)
    asked = torch.where(flat > least)[0]
    row = torch.div(asked, number, rounding_mode="floor")
    apart = boxes.reshape(-1, 4)[asked].double() + (row * _APART)[:, None]
    first = torch.tensor([[0.0, 0, 1, 1], [2, 2, 3, 3]], dtype=torch.float64) - 4 * _APART
    endless = torch.full((2,), torch.inf, dtype=torch.float64)
    scores = torch.cat([endless, flat[asked].double()])
    kept = asked[nms(torch.cat([first, apart]), scores, iou)[2:] - 2]
    return (
        torch.zeros_like(flat, dtype=torch.bool)
        .scatter(0, kept, torch.ones_like(kept, dtype=torch.bool))
        .reshape(rows, number)
    )


@torch.library.custom_op("resdet::suppress_rows", mutates_args=())
def by_rows(boxes: Tensor, scores: Tensor, iou: float, least: float, limit: int) -> Tensor:
    """One operator of ONNX's own: NonMaxSuppression takes rows as they are."""
    return by_offset(boxes, scores, iou, least, limit)


@by_rows.register_fake
def _(boxes: Tensor, scores: Tensor, iou: float, least: float, limit: int) -> Tensor:
    return torch.empty_like(scores, dtype=torch.bool)
