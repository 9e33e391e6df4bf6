"""How strongly each layer responds (Fig. 7)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from backbones.features import in_eval_mode
from backbones.layers import normed_convs


@dataclass
class _Moments:
    """Sums over everything seen so far, in double precision."""

    count: int = 0
    total: float = 0.0
    squares: float = 0.0

    def add(self, values: Tensor) -> None:
        variance, mean = torch.var_mean(values.double(), correction=0)
        self.count += values.numel()
        self.total += values.numel() * mean.item()
        self.squares += values.numel() * (variance.item() + mean.item() ** 2)

    def standard_deviation(self) -> float:
        mean = self.total / self.count
        return max(0.0, self.squares / self.count - mean**2) ** 0.5


def layer_responses(model: nn.Module, inputs: Tensor | Iterable[Tensor]) -> list[tuple[str, float]]:
    """Standard deviation of the output of each 3x3 layer, first to last, over all of `inputs`.

    The output after batch norm and before ReLU or addition; of a layer without norm its own. The
    network runs in eval mode and is left as it was.
    Shape: inputs one batch (n, 3, H, W) or several.
    Raises: ValueError if there is no batch.
    Source: He et al. 2016, Fig. 7.
    """
    moments: dict[str, _Moments] = {}
    handles = []
    for layer in normed_convs(model):
        if layer.conv.kernel_size == (3, 3):
            moments[layer.conv_name] = _Moments()
            last = layer.conv if layer.norm is None else layer.norm
            handles.append(last.register_forward_hook(_measure(moments[layer.conv_name])))
    num_batches = 0
    try:
        with in_eval_mode(model), torch.inference_mode():
            for batch in [inputs] if isinstance(inputs, Tensor) else inputs:
                model(batch)
                num_batches += 1
    finally:
        for handle in handles:
            handle.remove()
    if num_batches == 0:
        raise ValueError("inputs must be at least one batch, got none; give images to measure on")
    return [(name, moment.standard_deviation()) for name, moment in moments.items()]


def _measure(moments: _Moments) -> Callable[[nn.Module, tuple[Any, ...], Tensor], None]:
    def hook(module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        moments.add(output)  # at once: the ReLU that follows works in place

    return hook
