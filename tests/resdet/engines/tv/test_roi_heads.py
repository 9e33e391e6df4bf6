"""Columns of classes as torchvision has them."""

from __future__ import annotations

import torch

from resdet.engines.tv.roi_heads import _background_first


def test_background_moves_from_last_to_first() -> None:
    logits, refinements = torch.tensor([[1.0, 2.0, 9.0]]), torch.arange(8.0)[None]
    moved, padded = _background_first(logits, refinements)
    assert moved.tolist() == [[9, 1, 2]]
    assert padded.tolist() == [[0, 0, 0, 0, *range(8)]]
