"""BN-Inception, of its paper and as it was published in Caffe."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backbones.layers import he_init, make_classifier, norm_kind, scale_channels
from backbones.peers.googlenet import BEFORE, STEM, STRIDES, plain_stages
from backbones.peers.parts import ConvUnit, Layers, Peer, Pool, norm_arch
from backbones.registry import register


@dataclass(frozen=True)
class Row:
    """Channels of one inception module; without `conv1x1` it halves the map."""

    conv1x1: int
    reduce3x3: int
    conv3x3: int
    reduce_double: int
    double: int
    project: int
    average: bool = True  # of the pool before `project`

    def scaled(self, width: float) -> Row:
        """All channels times width; none stays none."""
        channels = {k: v for k, v in vars(self).items() if k != "average"}
        scaled: dict[str, Any] = {k: v and scale_channels(v, width) for k, v in channels.items()}
        return replace(self, **scaled)


# Source: Ioffe and Szegedy 2015, Batch Normalization, Figure 5.
FIGURE_5 = {
    "res3": {
        "inception3a": Row(64, 64, 64, 64, 96, 32),
        "inception3b": Row(64, 64, 96, 64, 96, 64),
    },
    "res4": {
        "inception3c": Row(0, 128, 160, 64, 96, 0, average=False),
        "inception4a": Row(224, 64, 96, 96, 128, 128),
        "inception4b": Row(192, 96, 128, 96, 128, 128),
        "inception4c": Row(160, 128, 160, 128, 160, 96),
        "inception4d": Row(96, 128, 192, 160, 192, 96),
    },
    "res5": {
        "inception4e": Row(0, 128, 192, 192, 256, 0, average=False),
        "inception5a": Row(352, 192, 320, 160, 224, 128),
        "inception5b": Row(352, 192, 320, 192, 224, 128, average=False),
    },
}
Figure = Mapping[str, Mapping[str, Row]]
CAFFE: Figure = FIGURE_5 | {
    "res4": FIGURE_5["res4"]
    | {
        "inception4c": Row(160, 128, 160, 128, 160, 128),
        "inception4d": Row(96, 128, 192, 160, 192, 128),
    }
}


class Inception(nn.Module):
    """1x1, 3x3, two 3x3 and pooled 1x1 side by side; one that halves has no 1x1 of its own.

    Shape: (N, in_channels, H, W) -> (N, out_channels, H, W), or half of H and W.
    Source: Ioffe and Szegedy 2015, Appendix and Figure 5.
    """

    def __init__(self, in_channels: int, row: Row, norm: str, eps: float) -> None:
        super().__init__()
        unit = partial(ConvUnit, norm=norm, eps=eps)
        stride = 1 if row.conv1x1 else 2
        if row.conv1x1:
            self.conv1x1 = unit(in_channels, row.conv1x1, 1)
            self.project = unit(in_channels, row.project, 1)
        self.reduce3x3 = unit(in_channels, row.reduce3x3, 1)
        self.conv3x3 = unit(row.reduce3x3, row.conv3x3, 3, stride)
        self.reduce_double = unit(in_channels, row.reduce_double, 1)
        self.double1 = unit(row.reduce_double, row.double, 3)
        self.double2 = unit(row.double, row.double, 3, stride)
        self.pool = _pool(stride, average=row.average)
        passed = row.project if row.conv1x1 else in_channels
        self.out_channels = row.conv1x1 + row.conv3x3 + row.double + passed
        self.halves = stride == 2

    def forward(self, x: Tensor) -> Tensor:
        """Four views of x, or three."""
        middle = self.conv3x3(self.reduce3x3(x))
        wide = self.double2(self.double1(self.reduce_double(x)))
        if self.halves:
            return torch.cat([middle, wide, self.pool(_even(x))], 1)
        return torch.cat([self.conv1x1(x), middle, wide, self.project(self.pool(x))], 1)


def _even(x: Tensor) -> Tensor:
    """An odd side's last place twice, so that a pool makes as many of it as a padded 3x3 layer."""
    height, width = x.shape[-2:]
    return F.pad(x, (0, width % 2, 0, height % 2), mode="replicate")


def _pool(stride: int, *, average: bool) -> nn.Module:
    if stride == 2:
        return Pool(3)
    return nn.AvgPool2d(3, 1, 1) if average else nn.MaxPool2d(3, 1, 1)


class BNInception(Peer):
    """Two plain stages, three of inception modules, the mean, a linear layer.

    Shape: (N, 3, H, W) -> (N, num_classes) logits.
    Raises: ValueError for an unknown norm or a width that is not positive.
    Source: Ioffe and Szegedy 2015, Batch Normalization, Section 4.2 and Figure 5.
    Deviation: the first layer is a plain 7x7; the paper's is separable, of depth multiplier 8.
    """

    classifier_names = ("fc",)

    def __init__(
        self,
        figure: Figure,
        *,
        num_classes: int = 1000,
        width: float = 1.0,
        norm: str = "bn",
        eps: float = 1e-5,
    ) -> None:
        norm = norm_kind(norm)
        stages = plain_stages(width, norm, eps)
        channels = scale_channels(BEFORE, width)
        widths = [scale_channels(STEM, width), channels]
        for name, rows in figure.items():
            layers: Layers = OrderedDict()
            if name == "res3":
                layers["pool"] = Pool(3)
            for module, row in rows.items():
                made = Inception(channels, row.scaled(width), norm, eps)
                layers[module], channels = made, made.out_channels
            stages[name] = nn.Sequential(layers)
            widths.append(channels)
        super().__init__(stages, widths, STRIDES)
        he_init(self, "fan_in")
        self.num_classes = num_classes
        self.fc = make_classifier(channels, num_classes)
        self.arch = {"width": width, **norm_arch(norm, eps)}

    def head(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.fc(x.mean((2, 3)))


register("bn_inception", partial(BNInception, FIGURE_5))
register("bn_inception_caffe", partial(BNInception, CAFFE))
