"""GoogLeNet, of its paper and as torchvision trains it."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backbones.layers import he_init, make_classifier, scale_channels
from backbones.peers.parts import (
    ConvUnit,
    Layers,
    Peer,
    Pool,
    norm_arch,
    norm_or_none,
    scale_units,
)
from backbones.registry import register

STRIDES = (4, 4, 8, 16, 32)
STEM, REDUCED, BEFORE = 64, 64, 192  # channels of conv1, of conv2's 1x1 and of its 3x3
RESPONSE_SIZE = 5  # channels. Source: Krizhevsky et al. 2012, Section 3.3, whose norm it is


class Row(NamedTuple):
    """Channels of one inception module, in the words of its table."""

    conv1x1: int
    reduce3x3: int
    conv3x3: int
    reduce5x5: int
    conv5x5: int
    project: int


# Source: Szegedy et al. 2015, Going Deeper with Convolutions, Table 1.
TABLE_1 = {
    "res3": {
        "inception3a": Row(64, 96, 128, 16, 32, 32),
        "inception3b": Row(128, 128, 192, 32, 96, 64),
    },
    "res4": {
        "inception4a": Row(192, 96, 208, 16, 48, 64),
        "inception4b": Row(160, 112, 224, 24, 64, 64),
        "inception4c": Row(128, 128, 256, 24, 64, 64),
        "inception4d": Row(112, 144, 288, 32, 64, 64),
        "inception4e": Row(256, 160, 320, 32, 128, 128),
    },
    "res5": {
        "inception5a": Row(256, 160, 320, 32, 128, 128),
        "inception5b": Row(384, 192, 384, 48, 128, 128),
    },
}
# Source: Szegedy et al. 2015, Section 5.
COMPANION_SIDE, COMPANION_CHANNELS, COMPANION_HIDDEN = 4, 128, 1024
COMPANION_DROPOUT = 0.7


@dataclass(frozen=True)
class Layout:
    """Where torchvision's network departs from the paper's: a kernel, a pool, response norms."""

    wide_kernel: int
    last_pool: int
    response_norm: bool


PAPER = Layout(5, 3, True)
TORCHVISION = Layout(3, 2, False)


class Inception(nn.Module):
    """1x1, 3x3, 5x5 (or `wide_kernel`) and pooled 1x1 side by side, the first 1x1 of each reducing.

    Shape: (N, in_channels, H, W) -> (N, the sum of four, H, W).
    Source: Szegedy et al. 2015, Fig. 2(b).
    """

    def __init__(
        self, in_channels: int, row: Row, wide_kernel: int, *, norm: str | None, eps: float
    ) -> None:
        super().__init__()
        unit = partial(ConvUnit, norm=norm, eps=eps)
        self.conv1x1 = unit(in_channels, row.conv1x1, 1)
        self.reduce3x3 = unit(in_channels, row.reduce3x3, 1)
        self.conv3x3 = unit(row.reduce3x3, row.conv3x3, 3)
        self.reduce5x5 = unit(in_channels, row.reduce5x5, 1)
        self.conv5x5 = unit(row.reduce5x5, row.conv5x5, wide_kernel)
        self.project = unit(in_channels, row.project, 1)
        self.out_channels = row.conv1x1 + row.conv3x3 + row.conv5x5 + row.project

    def forward(self, x: Tensor) -> Tensor:
        """Four views of x."""
        middle, wide = self.conv3x3(self.reduce3x3(x)), self.conv5x5(self.reduce5x5(x))
        pooled = self.project(F.max_pool2d(x, 3, 1, 1))
        return torch.cat([self.conv1x1(x), middle, wide, pooled], 1)


class Companion(nn.Module):
    """A classifier on a map of 14 x 14: means of 4 x 4 cells, 1x1 layer, two linear layers.

    Shape: (N, in_channels, H, W) -> (N, num_classes).
    Source: Szegedy et al. 2015, Section 5.
    Deviation: any map gives 4 x 4 cells, as torchvision's; the paper takes 5x5 means, stride 3.
    """

    def __init__(
        self, in_channels: int, num_classes: int, *, width: float, norm: str | None, eps: float
    ) -> None:
        super().__init__()
        channels = scale_channels(COMPANION_CHANNELS, width)
        hidden = scale_units(COMPANION_HIDDEN, width)
        self.reduce = ConvUnit(in_channels, channels, 1, norm=norm, eps=eps)
        self.hidden = nn.Linear(channels * COMPANION_SIDE**2, hidden)
        he_init(self, "fan_in")
        self.fc = make_classifier(hidden, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        x = self.reduce(F.adaptive_avg_pool2d(x, COMPANION_SIDE)).flatten(1)
        return self.fc(F.dropout(F.relu(self.hidden(x)), COMPANION_DROPOUT, self.training))


class GoogLeNet(Peer):
    """Two plain stages, three of inception modules, the mean, a linear layer; two companions.

    Shape: (N, 3, H, W) -> (N, num_classes) logits; in training with companions a tuple of them.
    Raises: ValueError for an unknown norm or a width that is not positive.
    Source: Szegedy et al. 2015, Going Deeper with Convolutions, Table 1 and Section 5.
    Deviation: no batch norm in that paper; `norm` puts one, with `eps`, after each convolution, and
        the response norms go.
    """

    classifier_names = ("fc", "companions")
    taps = ("res4.inception4a", "res4.inception4d")
    companion_weight = 0.3  # Source: Szegedy et al. 2015, Section 5

    def __init__(
        self,
        layout: Layout,
        *,
        num_classes: int = 1000,
        width: float = 1.0,
        norm: str | None = None,
        eps: float = 1e-5,
        dropout: float = 0.4,
        companions: bool = True,
    ) -> None:
        norm = norm_or_none(norm)
        response_norm = layout.response_norm and norm is None
        stages = plain_stages(width, norm, eps, response_norm=response_norm)
        channels = scale_channels(BEFORE, width)
        widths, read = [scale_channels(STEM, width), channels], []
        for name, rows in TABLE_1.items():
            layers: Layers = OrderedDict(pool=Pool(layout.last_pool if name == "res5" else 3))
            for module, row in rows.items():
                scaled = Row(*(scale_channels(base, width) for base in row))
                made = Inception(channels, scaled, layout.wide_kernel, norm=norm, eps=eps)
                layers[module], channels = made, made.out_channels
                read += [channels] if f"{name}.{module}" in self.taps else []
            stages[name] = nn.Sequential(layers)
            widths.append(channels)
        super().__init__(stages, widths, STRIDES)
        he_init(self, "fan_in")
        self.num_classes = num_classes
        self.dropout = dropout
        for channels_read in read if companions else ():
            self.companions.append(
                Companion(channels_read, num_classes, width=width, norm=norm, eps=eps)
            )
        self.fc = make_classifier(channels, num_classes)
        self.arch = {"width": width, "dropout": dropout, "companions": companions}
        self.arch |= norm_arch(norm, eps)

    def head(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.fc(F.dropout(x.mean((2, 3)), self.dropout, self.training))


def plain_stages(
    width: float, norm: str | None, eps: float, *, response_norm: bool = False
) -> dict[str, nn.Module]:
    """The two stages before the first inception module, shared by its descendants."""
    stem, reduced, channels = (scale_channels(base, width) for base in (STEM, REDUCED, BEFORE))
    first: Layers = OrderedDict(unit=ConvUnit(3, stem, 7, 2, norm=norm, eps=eps), pool=Pool(3))
    second: Layers = OrderedDict(
        reduce3x3=ConvUnit(stem, reduced, 1, norm=norm, eps=eps),
        conv3x3=ConvUnit(reduced, channels, 3, norm=norm, eps=eps),
    )
    if response_norm:
        first["response_norm"] = nn.LocalResponseNorm(RESPONSE_SIZE)
        second["response_norm"] = nn.LocalResponseNorm(RESPONSE_SIZE)
    return {"stem": nn.Sequential(first), "res2": nn.Sequential(second)}


register("googlenet", partial(GoogLeNet, PAPER))
register("googlenet_torchvision", partial(GoogLeNet, TORCHVISION, norm="bn", eps=1e-3, dropout=0.2))
