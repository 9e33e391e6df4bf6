"""Averaged weights, which generalise better than the last ones."""

from __future__ import annotations

import copy
from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class WeightAverage:
    """An exponential moving average of parameters and batch-norm statistics.

    It begins as a copy, at the first multiple of `period` after `begin` iterations; from then on
    average <- decay * average + (1 - decay) * model at every multiple. Before, the model itself
    stands for it.
    Source: Polyak and Juditsky 1992; torchvision's references/classification/train.py, which
    copies until the end of the warm-up.
    """

    def __init__(self, model: nn.Module, *, decay: float, period: int, begin: int = 0) -> None:
        self._source = model
        self._average: nn.Module | None = None
        self._period, self._begin = period, begin
        self._blend = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]

    @property
    def model(self) -> nn.Module:
        """The average; before it begins, the network in training."""
        return self._source if self._average is None else self._average

    @torch.no_grad()
    def update(self, iterations_done: int) -> None:
        """Take the network in training into the average, where it is time."""
        if iterations_done % self._period or iterations_done <= self._begin:
            return
        if self._average is None:
            self._average = copy.deepcopy(self._source).requires_grad_(False).eval()
            return
        pairs = list(zip(_numbers(self._average), _numbers(self._source), strict=True))
        floating = [(own, new) for own, new in pairs if own.is_floating_point()]
        self._blend([own for own, _ in floating], [new for _, new in floating], None)
        for own, new in pairs:
            if not own.is_floating_point():
                own.copy_(new)

    def state_dict(self) -> dict[str, Tensor] | None:
        """The average's; None before it begins."""
        return None if self._average is None else self._average.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor] | None) -> None:
        """Inverse of `state_dict`."""
        if state is not None:
            self._average = copy.deepcopy(self._source).requires_grad_(False).eval()
            self._average.load_state_dict(state)


def _numbers(model: nn.Module) -> list[Tensor]:
    return [*model.parameters(), *model.buffers()]
