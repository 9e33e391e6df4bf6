"""What describes a region, and what reads the description."""

from __future__ import annotations

import torch
from torch import nn

from resdet.modeling.heads import BoxPredictor, Conv5Head, FC6FC7Head


def test_dropout_acts_in_training_only() -> None:
    head = FC6FC7Head.fresh(2, 2, 64, dropout=0.5)
    x = torch.rand(4, 2, 2, 2)
    assert not torch.equal(head.train()(x), head(x))
    assert torch.equal(head.eval()(x), head(x))


def test_predictor_is_float32_under_autocast() -> None:
    with torch.autocast("cpu", torch.bfloat16):
        logits, deltas = BoxPredictor(8, 3)(torch.rand(2, 8))
    assert (logits.dtype, deltas.dtype) == (torch.float32, torch.float32)
    assert (logits.shape, deltas.shape) == ((2, 4), (2, 12))


def test_conv5_averages_over_the_places_of_its_stage() -> None:
    head = Conv5Head(nn.AvgPool2d(2), 3)
    x = torch.rand(4, 3, 6, 6)
    assert head.out_channels == 3
    torch.testing.assert_close(head(x), x.mean((2, 3)))


def test_hidden_layers_are_relus_of_the_flattened_region() -> None:
    fc6, fc7 = nn.Linear(4, 2), nn.Linear(2, 1)
    for layer in (fc6, fc7):
        nn.init.ones_(layer.weight)
        nn.init.constant_(layer.bias, -2)
    head = FC6FC7Head(fc6, fc7).eval()
    x = torch.tensor([[[[1.0, 1], [1, 0]]], [[[0.0, 0], [1, 0]]]])
    assert head.out_channels == 1
    assert head(x).tolist() == [[0], [0]]  # 1 + 1 - 2, and nothing under 0
    assert head(2 * x).tolist() == [[6], [0]]
