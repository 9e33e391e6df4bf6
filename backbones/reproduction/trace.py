"""What a network does to an image, layer upon layer, as it ran: what diagrams are drawn of."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from backbones.features import in_eval_mode

IMAGE = -1  # as the source of a layer: what the network was given
_KINDS = {
    **{"conv2d": "conv", "linear": "fc", "batch_norm": "norm", "relu": "relu", "relu_": "relu"},
    **{"max_pool2d": "pool", "adaptive_avg_pool2d": "avg pool"},
    **{"add_": "sum", "add": "sum"},
}
WEIGHTED, SLIDING = ("conv", "fc"), ("conv", "pool")


@dataclass(frozen=True)
class Layer:
    """`sources` are the places of the layers that it reads, or IMAGE.

    `kernel` and `stride` are those of convolutions and pools, else 0 and 1; `name` that of the
    module whose weight it has.
    Shape: output is (channels, height, width) or (features,), of one image.
    """

    kind: str
    output: tuple[int, ...]
    sources: tuple[int, ...]
    kernel: int = 0
    stride: int = 1
    name: str = ""

    @property
    def size(self) -> int:
        """Of the side of its output."""
        return self.output[-1] if len(self.output) > 1 else 1

    def __str__(self) -> str:
        """As the paper writes it: "3x3 conv, 128, /2"."""
        what = {
            "conv": f"{self.kernel}x{self.kernel} conv, {self.output[0]}",
            "fc": f"fc {self.output[0]}",
            "norm": "batch norm",
        }
        half = f", /{self.stride}" if self.stride > 1 else ""
        return what.get(self.kind, self.kind) + half


@dataclass(frozen=True)
class Shortcut:
    """From the output of one layer of the trunk to the sum after another."""

    begins: int
    ends: int
    grows: bool  # in channels


def trace(model: nn.Module, shape: Sequence[int]) -> list[Layer]:
    """The layers that an image of (channels, height, width) runs through, in that order.

    `model` may be on the meta device, where nothing is computed; elsewhere all that it computes is
    kept until the end.
    """
    first, *_ = model.parameters()
    image = torch.empty(1, *shape, device=first.device)
    with in_eval_mode(model), torch.no_grad(), _Seen(model) as seen:
        model(image)
    return seen.layers


def trunk(layers: Sequence[Layer]) -> list[int]:
    """Places from the first layer to the last, without shortcuts: of a sum the first summand."""
    places, at = [], len(layers) - 1
    while at != IMAGE:
        places.append(at)
        at = layers[at].sources[0]
    return places[::-1]


def shortcuts(layers: Sequence[Layer]) -> list[Shortcut]:
    """Of every sum, whether what it adds was left as it is, padded or projected."""
    on_trunk, found = set(trunk(layers)), []
    for layer in layers:
        if layer.kind == "sum":
            ends, begins = layer.sources
            while begins not in on_trunk and begins != IMAGE:
                begins = layers[begins].sources[0]
            grows = begins != IMAGE and layers[begins].output[0] < layer.output[0]
            found.append(Shortcut(begins, ends, grows))
    return found


class _Seen(TorchFunctionMode):
    """Writes down each call of a function that is a layer, and which layer made which tensor."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.layers: list[Layer] = []
        self._names = {id(weight): name for name, weight in model.named_parameters()}
        self._made_by: dict[int, int] = {}
        self._alive: list[Tensor] = []  # so that no two tensors have one id

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        """Call it as it would have been."""
        result = func(*args, **(kwargs or {}))
        if isinstance(result, Tensor) and args and isinstance(args[0], Tensor):
            self._alive.append(result)
            self._made_by[id(result)] = self._place(func.__name__, args, result)
        return result

    def _place(self, function: str, args: Any, result: Tensor) -> int:
        """Of the layer, or of that before where it is none or leaves the size as it is."""
        kind, before = _KINDS.get(function), args[0]
        idle = kind == "avg pool" and before.shape == result.shape
        if kind is None or idle:
            return self._made_by.get(id(before), IMAGE)
        summands = args[:2] if kind == "sum" else args[:1]
        sources = tuple(self._made_by.get(id(tensor), IMAGE) for tensor in summands)
        layer = Layer(kind, tuple(result.shape[1:]), sources)
        if kind in SLIDING:
            window = args[1] if kind == "pool" else args[1].shape[-1]
            stride = before.shape[-1] // result.shape[-1]
            layer = replace(layer, kernel=_side(window), stride=stride)
        if kind in WEIGHTED:
            name = self._names.get(id(args[1]), "").removesuffix(".weight")
            layer = replace(layer, name=name)
        self.layers.append(layer)
        return len(self.layers) - 1


def _side(size: int | tuple[int, ...]) -> int:
    return size if isinstance(size, int) else size[0]
