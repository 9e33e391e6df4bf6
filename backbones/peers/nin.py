"""Network in network for CIFAR, and the same network deeply supervised."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from backbones.layers import he_init, scale_channels
from backbones.peers.parts import Layers, Peer, Pool, add_conv, norm_arch, norm_or_none
from backbones.registry import register

# (kernel, channels) of each layer. Source: the network that the authors of Lin et al. 2013, Network
# In Network, published for CIFAR-10; Fig. 2 draws it without numbers.
TABLE = {
    "conv1": ((5, 192), (1, 160), (1, 96)),
    "conv2": ((5, 192), (1, 192), (1, 192)),
    "conv3": ((3, 192), (1, 192)),
}
STRIDES = (1, 2, 4)
IMAGE = 32  # pixels
CLASSIFIER_STD = 0.05  # Source: the published network


class NIN(Peer):
    """Three stages of a convolution and 1x1 layers; a 1x1 layer, ReLU, the mean over all places.

    Maxima open the second and the third stage, or means where `averaged` names them.
    Shape: (N, 3, H, W) -> (N, num_classes) logits.
    Raises: ValueError for an unknown norm or a width that is not positive.
    Source: Lin et al. 2013, Network In Network, Section 3 and Fig. 2.
    Deviation: no norm in that paper; `norm` adds one, with `eps`, after each convolution.
    """

    classifier_names: tuple[str, ...] = ("fc",)

    def __init__(
        self,
        averaged: Sequence[str],
        *,
        num_classes: int = 10,
        width: float = 1.0,
        norm: str | None = None,
        eps: float = 1e-5,
        dropout: float = 0.5,
    ) -> None:
        norm = norm_or_none(norm)
        stages: dict[str, nn.Module] = {}
        channels, widths = 3, []
        for name, rows in TABLE.items():
            layers: Layers = OrderedDict()
            if stages:
                layers["pool"] = Pool(3, average=name in averaged)
                layers["dropout"] = nn.Dropout(dropout)
            for kernel, base in rows:
                out = scale_channels(base, width)
                conv = nn.Conv2d(channels, out, kernel, padding=kernel // 2)
                add_conv(layers, conv, nn.ReLU(), norm, eps)
                channels = out
            stages[name] = nn.Sequential(layers)
            widths.append(channels)
        super().__init__(stages, widths, STRIDES)
        self.num_classes = num_classes
        self.fc = nn.Conv2d(channels, num_classes, 1)
        he_init(self)
        nn.init.normal_(self.fc.weight, std=CLASSIFIER_STD)
        self.arch = {"width": width, "dropout": dropout, **norm_arch(norm, eps)}

    def head(self, x: Tensor) -> Tensor:
        """The mean map of each class."""
        return F.relu(self.fc(x)).mean((2, 3))


class SlowLinear(nn.Linear):
    """A layer that learns at a thousandth of the rate.

    Source: the network published with Lee et al. 2015.
    """

    rate_factor = 0.001


class MapClassifier(nn.Module):
    """One linear layer over all places of a map, which has `side` x `side` of them.

    Shape: (N, channels, h, w) -> (N, num_classes); maps of another size are pooled to that one.
    Source: Lee et al. 2015, Deeply-Supervised Nets, Section 2.
    """

    def __init__(self, channels: int, side: int, num_classes: int) -> None:
        super().__init__()
        self.side = side
        self.fc = SlowLinear(channels * side**2, num_classes)
        nn.init.xavier_uniform_(self.fc.weight)
        nn.init.zeros_(self.fc.bias)

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        return self.fc(F.adaptive_avg_pool2d(x, self.side).flatten(1))


class DSN(NIN):
    """NIN whose stages each have a companion on their first convolution.

    Shape: (N, 3, H, W) -> (N, num_classes) logits; in training a tuple, those of companions after.
    Source: Lee et al. 2015, Deeply-Supervised Nets, Section 2, and the network published with it:
        maxima where NIN averages, no ReLU before the last mean, companions of full weight.
    """

    classifier_names = ("fc", "companions")
    taps = tuple(f"{name}.conv1" for name in TABLE)
    companion_weight = 1.0

    def __init__(
        self,
        *,
        num_classes: int = 10,
        width: float = 1.0,
        norm: str | None = None,
        eps: float = 1e-5,
        dropout: float = 0.5,
        companions: bool = True,
    ) -> None:
        super().__init__(
            (),
            num_classes=num_classes,
            width=width,
            norm=norm,
            eps=eps,
            dropout=dropout,
        )
        self.arch["companions"] = companions
        for ((_, base), *_), stride in zip(TABLE.values() if companions else (), STRIDES):
            side = IMAGE // stride
            self.companions.append(MapClassifier(scale_channels(base, width), side, num_classes))

    def head(self, x: Tensor) -> Tensor:
        """The mean map of each class."""
        return self.fc(x).mean((2, 3))


register("nin", partial(NIN, ("conv3",)))
register("dsn", partial(DSN))
