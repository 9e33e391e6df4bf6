"""Averaged weights, which generalise better than the last ones."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn


class WeightAverage:
    """An exponential moving average of parameters and batch-norm statistics.

    average <- decay * average + (1 - decay) * model, after every `period` iterations.
    Source: Polyak and Juditsky 1992; as torchvision trains its second weights.
    """

    def __init__(self, model: nn.Module, *, decay: float, period: int) -> None:
        self.model = copy.deepcopy(model).requires_grad_(False).eval()
        self._period = period
        self._blend = get_ema_multi_avg_fn(decay)  # type: ignore[no-untyped-call]

    @torch.no_grad()
    def update(self, model: nn.Module, iterations_done: int) -> None:
        """Blend `model`, wrapped for several processes or not, into the average."""
        if iterations_done % self._period:
            return
        source = _plain(model)
        pairs = list(zip(_numbers(self.model), _numbers(source), strict=True))
        floating = [(own, new) for own, new in pairs if own.is_floating_point()]
        self._blend([own for own, _ in floating], [new for _, new in floating], None)
        for own, new in pairs:
            if not own.is_floating_point():
                own.copy_(new)

    def state_dict(self) -> dict[str, Any]:
        """The averaged network's."""
        return self.model.state_dict()


def _plain(model: nn.Module) -> nn.Module:
    """The network inside DistributedDataParallel and torch.compile."""
    for wrapper in ("module", "_orig_mod"):
        model = getattr(model, wrapper, model)
    return model


def _numbers(model: nn.Module) -> list[Tensor]:
    return [*model.parameters(), *model.buffers()]
