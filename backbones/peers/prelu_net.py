"""PReLU-nets for ImageNet: the networks of He et al. before the residual ones."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backbones.layers import he_init, make_classifier, scale_channels
from backbones.peers.parts import Layers, Peer, Pool, add_conv, norm_arch, norm_or_none
from backbones.registry import register


@dataclass(frozen=True)
class Table:
    """Channels of conv2, conv3, conv4, and the number of 3x3 layers in each."""

    channels: tuple[int, int, int]
    depth: int


# Source: He et al. 2015, Delving Deep into Rectifiers, Table 3.
TABLE_3 = {
    "a": Table((256, 512, 512), 5),
    "b": Table((256, 512, 512), 6),
    "c": Table((384, 768, 896), 6),
}
FIRST = 96
HIDDEN = 4096
PYRAMID = (7, 3, 2, 1)
SLOPE = 0.25  # Source: Section 2.1, "Implementation details"
STRIDES = (2, 4, 8, 16)


class PReLUNet(Peer):
    """7x7 of stride 2, three stages of 3x3 layers, a pyramid of pools, fc6, fc7, fc8; PReLU.

    Shape: (N, 3, H, W) -> (N, num_classes) logits.
    Raises: ValueError for an unknown norm or a width that is not positive.
    Source: He et al. 2015, Delving Deep into Rectifiers, Table 3 and Section 2.1.
    Deviation: no norm in that paper; `norm` adds one, with `eps`, after each convolution.
    """

    classifier_names = ("fc8",)

    def __init__(
        self,
        model: str,
        *,
        num_classes: int = 1000,
        width: float = 1.0,
        norm: str | None = None,
        eps: float = 1e-5,
        dropout: float = 0.5,
    ) -> None:
        norm = norm_or_none(norm)
        table = TABLE_3[model]
        channels = scale_channels(FIRST, width)
        first: Layers = OrderedDict()
        add_conv(first, nn.Conv2d(3, channels, 7, 2, 3), nn.PReLU(channels, SLOPE), norm, eps)
        stages: dict[str, nn.Module] = {"conv1": nn.Sequential(first)}
        widths = [channels]
        for number, base in enumerate(table.channels, start=2):
            layers: Layers = OrderedDict(pool=Pool(2))
            out = scale_channels(base, width)
            for _ in range(table.depth):
                conv = nn.Conv2d(channels, out, 3, padding=1)
                add_conv(layers, conv, nn.PReLU(out, SLOPE), norm, eps)
                channels = out
            stages[f"conv{number}"] = nn.Sequential(layers)
            widths.append(channels)
        super().__init__(stages, widths, STRIDES)
        hidden = scale_channels(HIDDEN, width)
        self.num_classes = num_classes
        self.dropout = dropout
        self.fc6 = nn.Linear(channels * sum(side**2 for side in PYRAMID), hidden)
        self.activation6 = nn.PReLU(hidden, SLOPE)
        self.fc7 = nn.Linear(hidden, hidden)
        self.activation7 = nn.PReLU(hidden, SLOPE)
        he_init(self)
        self.fc8 = make_classifier(hidden, num_classes)
        self.arch = {"width": width, "dropout": dropout, **norm_arch(norm, eps)}

    def head(self, x: Tensor) -> Tensor:
        """Logits."""
        x = torch.cat([_cells(x, side).flatten(1) for side in PYRAMID], 1)
        x = F.dropout(self.activation6(self.fc6(x)), self.dropout, self.training)
        x = F.dropout(self.activation7(self.fc7(x)), self.dropout, self.training)
        return self.fc8(x)


def _cells(x: Tensor, side: int) -> Tensor:
    """The largest of each of `side` x `side` cells: (N, C, H, W) -> (N, C, side, side)."""
    if not torch.compiler.is_exporting():
        return F.adaptive_max_pool2d(x, side)
    for axis in (2, 3):  # as that does, which ONNX has not
        length = x.shape[axis]
        firsts = [place * length // side for place in range(side)]
        ends = [-(-(place + 1) * length // side) for place in range(side)]
        cells = [x.narrow(axis, a, b - a).amax(axis) for a, b in zip(firsts, ends)]
        x = torch.stack(cells, axis)
    return x


for _model in TABLE_3:
    register(f"prelu_net_{_model}", partial(PReLUNet, _model))
