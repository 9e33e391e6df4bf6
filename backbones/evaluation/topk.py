"""Top-k error."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor


def ranks(logits: Tensor, labels: Tensor) -> Tensor:
    """How many classes stand before the right one: 0 is a top-1 hit.

    Equal logits stand in order of class; where the right class has no finite logit, it is last.

    Shape: (N, K), (N,) -> (N,) int64.
    """
    right = logits.gather(1, labels[:, None])
    classes = torch.arange(logits.shape[1], device=logits.device)
    before = (logits > right) | ((logits == right) & (classes < labels[:, None]))
    return torch.where(right.isfinite()[:, 0], before.sum(1), logits.shape[1])


def topk_errors(ranks: Tensor, ks: Sequence[int] = (1, 5)) -> dict[str, float]:
    """{"top1_error": ..., "top5_error": ...} of `ranks`.

    Unit: percent.
    Raises: ValueError if there are no ranks.
    """
    if not len(ranks):
        raise ValueError("ranks must hold at least one image, got none")
    return {f"top{k}_error": 100 * float((ranks >= k).double().mean()) for k in ks}
