"""What the networks of other papers share: companions in training, pools, maxout."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backbones.features import Classifier, StageInfo
from backbones.layers import make_norm, norm_kind

Layers = OrderedDict[str, nn.Module]


class Peer(Classifier):
    """Stages, a head, and companions: classifiers on the way, which tests leave out.

    Companion i reads `taps[i]`, `<stage>.<child of it>`. In training their logits follow those of
    the head.

    Shape: (N, 3, H, W) -> (N, num_classes) logits; in training with companions a tuple of them.
    Raises: ValueError for images smaller than `smallest_input`.
    """

    companions: nn.ModuleList
    taps: tuple[str, ...] = ()
    smallest_input = 1  # pixels

    def __init__(
        self, stages: Mapping[str, nn.Module], channels: Sequence[int], strides: Sequence[int]
    ) -> None:
        infos = {n: StageInfo(n, c, s) for n, c, s in zip(stages, channels, strides, strict=True)}
        super().__init__(stages, infos)
        self.companions = nn.ModuleList()

    def head(self, x: Tensor) -> Tensor:
        """Logits of the last map."""
        raise NotImplementedError

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, ...]:
        """Logits."""
        height, width = x.shape[-2:]
        if min(height, width) < self.smallest_input:
            least = f"{self.smallest_input}x{self.smallest_input}"
            raise ValueError(
                f"images must be at least {least} pixels for {self.arch['name']}, "
                f"got {width}x{height}"
            )
        taps = self.taps if self.training and self.companions else ()
        read: dict[str, Tensor] = {}
        for name, stage in self.stages().items():
            if not any(tap.startswith(f"{name}.") for tap in taps):
                x = stage(x)
                continue
            for child_name, child in stage.named_children():
                x = read[f"{name}.{child_name}"] = child(x)
        beside = [companion(read[tap]) for companion, tap in zip(self.companions, taps)]
        return (self.head(x), *beside) if beside else self.head(x)


class Pool(nn.Module):
    """Largest or mean of `size` x `size` places, the last over the edge; one place stays one.

    Shape: (N, C, H, W) -> (N, C, ceil((H - size) / stride) + 1, the same of W), at least 1.
    """

    def __init__(self, size: int, stride: int = 2, *, average: bool = False) -> None:
        super().__init__()
        self.size, self.stride, self.average = size, stride, average

    def forward(self, x: Tensor) -> Tensor:
        """Pool."""
        pool = F.avg_pool2d if self.average else F.max_pool2d
        if torch.compiler.is_exporting():  # a file takes no image as narrow, and no branch
            return pool(x, self.size, self.stride, ceil_mode=True)
        height, width = (min(side, self.size) for side in x.shape[-2:])
        return pool(x, (height, width), self.stride, ceil_mode=True)

    def extra_repr(self) -> str:
        """Return size and stride, for `print(model)`."""
        return f"{self.size}, stride={self.stride}, average={self.average}"


class Maxout(nn.Module):
    """The largest of each `pieces` channels in a row.

    Shape: (N, pieces * C, ...) -> (N, C, ...).
    Source: Goodfellow et al. 2013, Maxout Networks, Section 2.
    """

    def __init__(self, pieces: int) -> None:
        super().__init__()
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        """Choose."""
        return x.reshape(x.shape[0], -1, self.pieces, *x.shape[2:]).amax(2)

    def extra_repr(self) -> str:
        """Return pieces, for `print(model)`."""
        return str(self.pieces)


class ConvUnit(nn.Module):
    """Convolution, padded to keep the size, norm if any, ReLU.

    Shape: (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride).
    """

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: int,
        stride: int = 1,
        *,
        norm: str | None,
        eps: float,
    ) -> None:
        super().__init__()
        bias = norm is None
        self.conv = nn.Conv2d(
            in_channels, out_channels, kernel, stride, padding=kernel // 2, bias=bias
        )
        self.norm = nn.Identity() if norm is None else make_norm(norm, out_channels, eps)

    def forward(self, x: Tensor) -> Tensor:
        """One weighted layer."""
        return F.relu_(self.norm(self.conv(x)))


def add_conv(
    layers: Layers, conv: nn.Conv2d, activation: nn.Module, norm: str | None, eps: float
) -> None:
    """Append a convolution, its norm if any, and the activation, numbered on."""
    number = 1 + sum(name.startswith("conv") for name in layers)
    layers[f"conv{number}"] = conv
    if norm is not None:
        layers[f"norm{number}"] = make_norm(norm, conv.out_channels, eps)
    layers[f"activation{number}"] = activation


def scale_units(units: int, width: float) -> int:
    """Units of a layer without places, times width, at least 1."""
    return max(1, round(units * width))


def norm_or_none(norm: str | None) -> str | None:
    """Our word for a norm; None of none. Raises: ValueError for any other word."""
    return norm_kind(norm) if norm else None


def norm_arch(norm: str | None, eps: float) -> dict[str, str | float | None]:
    """What of the norm stands in `arch`: of none there is no eps."""
    return {"norm": norm} if norm is None else {"norm": norm, "eps": eps}
