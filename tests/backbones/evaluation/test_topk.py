"""Top-k error by hand."""

import pytest
import torch

from backbones.evaluation.topk import ranks, topk_errors


def test_ranks_by_hand():
    logits = torch.tensor([[3.0, 1.0, 2.0], [3.0, 1.0, 2.0], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0]])
    assert ranks(logits, torch.tensor([0, 1, 0, 2])).tolist() == [0, 2, 0, 2]


def test_nan_is_no_hit():
    logits = torch.full((2, 3), float("nan"))
    assert topk_errors(ranks(logits, torch.tensor([0, 1])), ks=(1,)) == {"top1_error": 100.0}


def test_errors_in_percent():
    assert topk_errors(torch.tensor([0, 0, 1, 5])) == {"top1_error": 50.0, "top5_error": 25.0}
    with pytest.raises(ValueError, match="ranks must hold at least one image, got none"):
        topk_errors(torch.empty(0))
