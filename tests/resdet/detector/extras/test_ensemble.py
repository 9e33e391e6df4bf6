"""Proposals united and predictions averaged."""

from __future__ import annotations

import pytest
import torch

from resdet.detector.extras.ensemble import mean, union
from resdet.modeling.predictions import Predictions


def test_proposals_are_united_and_predictions_averaged() -> None:
    a, b = (
        torch.tensor([[3.0, 0, 9, 9], [1, 1, 2, 2]]),
        torch.tensor([[1.0, 1, 2, 2], [0, 0, 4, 4]]),
    )
    assert union([a, b]).tolist() == [[3, 0, 9, 9], [1, 1, 2, 2], [0, 0, 4, 4]]
    assert union([a, a]).equal(a)
    first = Predictions(torch.tensor([[[0.0, 0, 2, 2]]]), torch.tensor([[0.5, 0.5]]))
    second = Predictions(torch.tensor([[[2.0, 0, 6, 2]]]), torch.tensor([[0.9, 0.1]]))
    assert mean([first, second]).boxes.tolist() == [[[1, 0, 4, 2]]]
    assert mean([first, second]).scores.tolist() == [pytest.approx([0.7, 0.3])]
