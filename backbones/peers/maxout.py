"""Networks of maxout units for CIFAR: the first one, and the thin and deep FitNet."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from functools import partial

import torch.nn.functional as F
from torch import Tensor, nn

from backbones.layers import he_init, make_classifier, make_norm, scale_channels
from backbones.peers.parts import (
    Layers,
    Maxout,
    Peer,
    Pool,
    add_conv,
    norm_arch,
    norm_or_none,
    scale_units,
)
from backbones.registry import register

PIECES, HIDDEN_PIECES, HIDDEN = 2, 5, 500  # Source: the networks published with both papers


@dataclass(frozen=True)
class Stage:
    """Convolutions of one `kernel` to so many maxout units, after a pool of (size, stride)."""

    units: tuple[int, ...]
    kernel: int = 3
    padding: int = 1
    pool: tuple[int, int] | None = None


@dataclass(frozen=True)
class Table:
    """Stages, and the side of the map that the last pool makes of an image of 32."""

    stages: tuple[Stage, ...]
    side: int
    input_dropout: float = 0.0
    smallest_input: int = 1  # pixels


# Source: Goodfellow et al. 2013, Maxout Networks, Section 5.2, and the network published with it.
MAXOUT = Table(
    (Stage((96,), 8, 4), Stage((192,), 8, 3, (4, 2)), Stage((192,), 5, 3, (4, 2))),
    side=5,
    input_dropout=0.2,
    smallest_input=4,
)
# Source: Romero et al. 2015, FitNets, FitNet 4 of its supplement, as published with it.
FITNET_19 = Table(
    (
        Stage((32, 32, 32, 48, 48)),
        Stage((80,) * 6, pool=(2, 2)),
        Stage((128,) * 6, pool=(2, 2)),
    ),
    side=1,
)


class MaxoutNetwork(Peer):
    """Three stages of maxout convolutions, a maxout linear layer, a linear layer.

    `dropout` stands before every layer; before the first, where there is any, the table's.
    Shape: (N, 3, H, W) -> (N, num_classes) logits; the head pools any size to that of 32.
    Raises: ValueError for an unknown norm or a width that is not positive.
    Source: Goodfellow et al. 2013, Maxout Networks, Section 5.2; Romero et al. 2015, FitNets.
    Deviation: no norm in these papers; `norm` adds one, with `eps`, before each maxout.
    """

    classifier_names = ("fc",)

    def __init__(
        self,
        table: Table,
        *,
        num_classes: int = 10,
        width: float = 1.0,
        norm: str | None = None,
        eps: float = 1e-5,
        dropout: float = 0.0,
    ) -> None:
        norm = norm_or_none(norm)
        stages: dict[str, nn.Module] = {}
        channels, stride = 3, 1
        widths: list[int] = []
        strides: list[int] = []
        for number, stage in enumerate(table.stages, start=1):
            layers: Layers = OrderedDict()
            if stage.pool is not None:
                layers["pool"] = Pool(*stage.pool)
                stride *= stage.pool[1]
            for index, base in enumerate(stage.units, start=1):
                first = not widths and index == 1
                layers[f"dropout{index}"] = nn.Dropout(
                    table.input_dropout if first and dropout else dropout
                )
                units = scale_channels(base, width)
                conv = nn.Conv2d(channels, PIECES * units, stage.kernel, padding=stage.padding)
                add_conv(layers, conv, Maxout(PIECES), norm, eps)
                channels = units
            stages[f"conv{number}"] = nn.Sequential(layers)
            widths.append(channels)
            strides.append(stride)
        super().__init__(stages, widths, strides)
        hidden = scale_units(HIDDEN, width)
        self.num_classes = num_classes
        self.pool, self.side = Pool(2), table.side
        self.smallest_input = table.smallest_input
        self.dropout = dropout
        self.hidden = nn.Linear(channels * table.side**2, HIDDEN_PIECES * hidden)
        pieces = HIDDEN_PIECES * hidden
        self.norm = nn.Identity() if norm is None else make_norm(norm, pieces, eps)
        self.maxout = Maxout(HIDDEN_PIECES)
        he_init(self)
        self.fc = make_classifier(hidden, num_classes)
        self.arch = {"width": width, "dropout": dropout, **norm_arch(norm, eps)}

    def head(self, x: Tensor) -> Tensor:
        """Logits."""
        x = F.adaptive_max_pool2d(self.pool(x), self.side).flatten(1)
        x = F.dropout(x, self.dropout, self.training)
        x = self.norm(self.hidden(x)[:, :, None, None]).flatten(1)
        x = F.dropout(self.maxout(x), self.dropout, self.training)
        return self.fc(x)


register("maxout", partial(MaxoutNetwork, MAXOUT, dropout=0.5))
register("fitnet19", partial(MaxoutNetwork, FITNET_19))
