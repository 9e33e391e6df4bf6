"""Convolutions on a CPU, each by the way that is fastest there."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from backbones.convolution.winograd import (
    convolve,
    count_tiles,
    filter_gradient,
    transform,
    transform_turned,
)
from backbones.machine.memory import keep_memory
from backbones.machine.precision import Precision

# with fewer, what surrounds Winograd's products costs more than they save
_LEAST_CHANNELS = 128
_LEAST_TILES = 48
_LEAST_TILES_LEARNING = 80  # a thread: filters are transformed in each pass


def place(
    model: nn.Module,
    device: torch.device,
    *,
    learns: bool,
    precision: Precision = "fp32",
    compiled: bool = False,
) -> None:
    """Bring a network to the device on which it is to run, and make it as fast as that one can.

    On a CPU freed memory is kept, and convolutions are quick that are neither compiled nor in half
    precision.
    """
    model.to(device)
    if device.type == "cpu":
        if precision == "fp32" and not compiled:
            quicken(model, learns=learns)
        keep_memory()


def quicken(model: nn.Module, *, learns: bool) -> None:
    """Let `nn.Conv2d` with zeros around be `QuickConv2d`, in place; parameters and hooks stay.

    Of a network that learns nothing more, filters are kept as Winograd's layers read them.
    """
    for module in model.modules():
        numbered = isinstance(getattr(module, "padding", None), tuple)
        if type(module) is nn.Conv2d and numbered and module.padding_mode == "zeros":
            module.__class__ = QuickConv2d
            if isinstance(module, QuickConv2d) and module.is_winograd and not learns:
                module.filters = transform(module.weight.detach())


class QuickConv2d(nn.Conv2d):
    """`nn.Conv2d`, to rounding: 3x3 of stride 1 by Winograd, others that learn nothing by oneDNN.

    torch asks oneDNN with more than one thread or image alone. Elsewhere than in float32 on a CPU
    it is `nn.Conv2d`.
    """

    filters: Tensor | None = None

    @property
    def is_winograd(self) -> bool:
        """Whether the layer is a wide 3x3 of stride 1."""
        usual = (self.kernel_size, self.stride, self.padding, self.dilation, self.groups) == (
            *((3, 3), (1, 1), (1, 1), (1, 1), 1),
        )
        return usual and min(self.in_channels, self.out_channels) >= _LEAST_CHANNELS

    def _least_tiles(self) -> int:
        if self.filters is not None:
            return _LEAST_TILES
        return _LEAST_TILES_LEARNING * torch.get_num_threads()

    def forward(self, x: Tensor) -> Tensor:
        """Convolve."""
        if x.device.type != "cpu" or x.dtype != torch.float32 or torch.is_autocast_enabled("cpu"):
            return super().forward(x)
        if self.is_winograd and count_tiles(x) >= self._least_tiles():
            if self.filters is not None:
                return convolve(x, self.filters, self.bias)
            return cast(Tensor, _Winograd.apply(x, self.weight, self.bias))
        if torch.is_grad_enabled() or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
            return super().forward(x)
        padding = cast(tuple[int, ...], self.padding)
        return torch.mkldnn_convolution(
            x, self.weight, self.bias, padding, self.stride, self.dilation, self.groups
        )


class _Winograd(torch.autograd.Function):
    """The gradient of a convolution for its input is one with the filters turned."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        """(N, C, H, W), (K, C, 3, 3), (K) -> (N, K, H, W)."""
        ctx.save_for_backward(x, weight)
        return convolve(x, transform(weight), bias)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
        """Of input, weight and bias, where they are asked for."""
        x, weight = ctx.saved_tensors
        wanted = ctx.needs_input_grad
        return (
            convolve(gradient, transform_turned(weight)) if wanted[0] else None,
            filter_gradient(x, gradient) if wanted[1] else None,
            gradient.sum(dim=(0, 2, 3)) if wanted[2] else None,
        )
