"""Averaged weights by hand."""

import pytest
import torch
from torch import nn

from backbones.training.average import WeightAverage


def follow(average: WeightAverage, model: nn.Module, weights: list[float]) -> None:
    for done, weight in enumerate(weights, start=1):
        nn.init.constant_(model.weight, weight)
        average.update(done)


def layer() -> nn.Module:
    return nn.Linear(1, 1, bias=False)


def test_it_begins_as_a_copy_and_follows_every_period() -> None:
    model = layer()
    average = WeightAverage(model, decay=0.75, period=2)
    follow(average, model, [9.0])
    assert average.model is model
    follow(average, model, [9.0, 0.7, 9.0, 0.3])
    assert average.model.weight.item() == pytest.approx(0.75 * 0.7 + 0.25 * 0.3)
    assert not average.model.weight.requires_grad
    assert not average.model.training


def test_it_does_not_begin_during_the_warmup() -> None:
    model = layer()
    average = WeightAverage(model, decay=0.5, period=1, begin=3)
    follow(average, model, [1.0, 2.0, 3.0])
    assert average.model is model
    assert average.state_dict() is None
    follow_on = [4.0, 6.0]
    for done, weight in enumerate(follow_on, start=4):
        nn.init.constant_(model.weight, weight)
        average.update(done)
    assert average.model.weight.item() == pytest.approx(5.0)


def test_batch_norm_statistics_are_averaged_and_counts_copied() -> None:
    model = nn.BatchNorm2d(1)
    average = WeightAverage(model, decay=0.5, period=1)
    for done, mean in enumerate((2.0, 4.0), start=1):
        nn.init.constant_(model.running_mean, mean)
        model.num_batches_tracked.fill_(done)
        average.update(done)
    assert average.model.running_mean.item() == pytest.approx(3.0)
    assert average.model.num_batches_tracked.item() == 2


def test_a_state_goes_back() -> None:
    model = layer()
    average = WeightAverage(model, decay=0.5, period=1)
    follow(average, model, [1.0, 3.0])
    other = WeightAverage(layer(), decay=0.5, period=1)
    other.load_state_dict(average.state_dict())
    assert torch.equal(other.model.weight, average.model.weight)
    fresh = WeightAverage(model, decay=0.5, period=1)
    fresh.load_state_dict(None)
    assert fresh.model is model
