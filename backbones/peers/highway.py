"""Highway networks for CIFAR: layers that gate what they change and what they carry on."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backbones.layers import he_init, make_classifier, make_norm, scale_channels
from backbones.peers.parts import (
    Layers,
    Peer,
    Pool,
    add_conv,
    norm_arch,
    norm_or_none,
    scale_units,
)
from backbones.registry import register

STRIDES = (1, 2, 4)
TRANSFORM_BIAS = -2.0  # Source: the network published with the paper; Section 2.2: negative
GATE = "gate"  # its name in a layer


@dataclass(frozen=True)
class Table:
    """Channels of each stage, how many highway layers follow its first layer, of the last 1x1."""

    channels: tuple[int, int, int]
    depths: tuple[int, int, int]
    last: int


# Source: Srivastava et al. 2015, Training Very Deep Networks, Table 1, and the network of 19 layers
# published with it.
# Deviation: of 32 layers the paper prints that they have 1.25M parameters; nine highway layers a
# stage and these channels, which have as many, are ours.
TABLES = {19: Table((32, 80, 128), (4, 5, 5), 100), 32: Table((32, 48, 64), (9, 9, 9), 64)}


class HighwayLayer(nn.Module):
    """H(x) T(x) + x (1 - T(x)): H a 3x3 convolution, norm if any, ReLU; T its sigmoid twin.

    Shape: (N, channels, H, W) -> the same.
    Source: Srivastava et al. 2015, Training Very Deep Networks, eq. 3.
    """

    def __init__(self, channels: int, norm: str | None, eps: float) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.norm = nn.Identity() if norm is None else make_norm(norm, channels, eps)
        self.gate = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """Change a part of x."""
        return torch.lerp(x, F.relu(self.norm(self.conv(x))), self.gate(x).sigmoid())


class Highway(Peer):
    """Three stages of a convolution and highway layers, a 1x1 layer, the mean, a linear layer.

    Shape: (N, 3, H, W) -> (N, num_classes) logits.
    Raises: ValueError for an unknown norm or a width that is not positive.
    Source: Srivastava et al. 2015, Training Very Deep Networks, Section 4.2.
    Deviation: no norm in that paper; `norm` adds one, with `eps`, after each convolution but gates.
    """

    classifier_names = ("fc",)

    def __init__(
        self,
        depth: int,
        *,
        num_classes: int = 10,
        width: float = 1.0,
        norm: str | None = None,
        eps: float = 1e-5,
        dropout: float = 0.2,
    ) -> None:
        norm = norm_or_none(norm)
        stages: dict[str, nn.Module] = {}
        widths: list[int] = []
        channels = 3
        table = TABLES[depth]
        for number, (base, count) in enumerate(zip(table.channels, table.depths), start=1):
            layers: Layers = OrderedDict()
            if number > 1:
                layers["pool"] = Pool(2)
            layers["dropout"] = nn.Dropout(dropout)
            out = scale_channels(base, width)
            add_conv(layers, nn.Conv2d(channels, out, 3, padding=1), nn.ReLU(), norm, eps)
            for index in range(count):
                layers[f"highway{index + 2}"] = HighwayLayer(out, norm, eps)
            channels = out
            stages[f"conv{number}"] = nn.Sequential(layers)
            widths.append(channels)
        super().__init__(stages, widths, STRIDES)
        last = scale_units(table.last, width)
        self.num_classes = num_classes
        self.dropout = dropout
        self.hidden = nn.Conv2d(channels, last, 1)
        he_init(self)
        self.fc = make_classifier(last, num_classes)
        for module in self.modules():
            if isinstance(module, HighwayLayer):
                nn.init.constant_(module.gate.bias, TRANSFORM_BIAS)  # type: ignore[arg-type]
        self.arch = {"width": width, "dropout": dropout, **norm_arch(norm, eps)}

    def head(self, x: Tensor) -> Tensor:
        """Logits."""
        x = F.relu(self.hidden(x)).mean((2, 3))
        return self.fc(F.dropout(x, self.dropout, self.training))


for _depth in TABLES:
    register(f"highway{_depth}", partial(Highway, _depth))
