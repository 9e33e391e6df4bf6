"""Rows are suppressed one by one."""

from __future__ import annotations

import torch
from torchvision.ops import nms

from resdet.export.suppression import by_offset


def test_by_hand() -> None:
    box = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [50, 50, 60, 60]])
    boxes = torch.stack([box, box])
    scores = torch.tensor([[0.5, 0.9, 0.4], [0.9, 0.5, -1.0]])
    kept = by_offset(boxes, scores, 0.5, 0.0, 3)
    assert kept.tolist() == [[False, True, True], [True, False, False]]


def test_each_row_is_torchvisions() -> None:
    torch.manual_seed(0)
    corner = torch.rand(7, 60, 2) * 1000
    boxes = torch.cat([corner, corner + torch.rand(7, 60, 2) * 400], -1)
    scores = torch.rand(7, 60)
    kept = by_offset(boxes, scores, 0.3, 0.0, 60)
    for row in range(7):
        assert kept[row].nonzero()[:, 0].tolist() == sorted(
            nms(boxes[row], scores[row], 0.3).tolist()
        )


def test_none_and_one() -> None:
    boxes = torch.tensor([[[0.0, 0, 10, 10], [0, 0, 10, 9]]])
    assert by_offset(boxes, torch.tensor([[0.0, 0.0]]), 0.5, 0.0, 3).tolist() == [[False, False]]
    assert by_offset(boxes, torch.tensor([[0.0, 0.2]]), 0.5, 0.0, 3).tolist() == [[False, True]]
