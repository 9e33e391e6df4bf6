"""Parameters and multiply-adds of a network (Table 1, Table 6), counted without computing."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call

from backbones.features import in_eval_mode

Hook = Callable[[nn.Module, tuple[Any, ...], Any], None]


@dataclass(frozen=True)
class Part:
    """A stage or a layer.

    Shape: output is (channels, height, width) or (features,), of one image.
    """

    name: str
    output: tuple[int, ...]
    parameters: int
    multiply_adds: int


@dataclass(frozen=True)
class Complexity:
    """The whole, its direct children in the order in which they ran, and its weighted layers.

    Companions of training are no part of it.
    Source: He et al. 2016, Table 1: FLOPs are multiply-adds. Convolutions and linear layers count;
    norms, biases, pools and additions do not.
    """

    parameters: int
    multiply_adds: int
    stages: tuple[Part, ...]
    layers: tuple[Part, ...]


def count(model: nn.Module, size: int | tuple[int, int] = 224) -> Complexity:
    """Count one image of `size`, a side or (height, width), through `model`, which stays as it is.

    Nothing is computed: weights and image take part as shapes, on the meta device, so the network
    may be on any device, meta included, and of any depth.
    Raises: ValueError if the size is not positive.
    """
    height, width = (size, size) if isinstance(size, int) else size
    if min(height, width) < 1:
        raise ValueError(f"size must be at least 1 pixel, got {height}x{width}")
    layers = _run(model, height, width)
    stages: dict[str, Part] = {}
    for name, output in layers.outputs.items():
        own = [layer for layer in layers.weighted if (layer.name + ".").startswith(name + ".")]
        stages[name] = Part(
            name,
            output,
            _num_parameters(model.get_submodule(name)),
            sum(layer.multiply_adds for layer in own),
        )
    companions = getattr(model, "companions", nn.ModuleList())
    return Complexity(
        parameters=_num_parameters(model) - _num_parameters(companions),
        multiply_adds=sum(layer.multiply_adds for layer in layers.weighted),
        stages=tuple(stages.values()),
        layers=tuple(layers.weighted),
    )


@dataclass(frozen=True)
class _Seen:
    """What the hooks saw: outputs of the direct children, and the weighted layers."""

    outputs: dict[str, tuple[int, ...]]
    weighted: list[Part]


def _run(model: nn.Module, height: int, width: int) -> _Seen:
    seen = _Seen({}, [])
    handles = []
    for name, module in model.named_modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            handles.append(module.register_forward_hook(_weigh(name, module.weight, seen)))
    for name, child in model.named_children():
        handles.append(child.register_forward_hook(_keep_shape(name, seen)))
    tensors = {**dict(model.named_parameters()), **dict(model.named_buffers())}
    shapes = {name: tensor.detach().to("meta") for name, tensor in tensors.items()}
    try:
        with in_eval_mode(model), torch.no_grad():
            functional_call(model, shapes, (torch.empty(1, 3, height, width, device="meta"),))
    finally:
        for handle in handles:
            handle.remove()
    return seen


def _weigh(name: str, weight: Tensor, seen: _Seen) -> Hook:
    def hook(module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        shape = tuple(output.shape[1:])
        positions = math.prod(shape[1:])  # each has every weight laid on it once
        part = Part(name, shape, _num_parameters(module), weight.numel() * positions)
        seen.weighted.append(part)

    return hook


def _keep_shape(name: str, seen: _Seen) -> Hook:
    def hook(module: nn.Module, inputs: tuple[Any, ...], output: Tensor) -> None:
        seen.outputs[name] = tuple(output.shape[1:])

    return hook


def _num_parameters(module: nn.Module) -> int:
    return sum(parameter.numel() for parameter in module.parameters())
