"""VGG-16 and VGG-19: the networks that the paper measures itself against."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backbones.features import Classifier, StageInfo
from backbones.layers import he_init, make_classifier, make_norm, norm_kind, scale_channels
from backbones.registry import register

# Source: Simonyan and Zisserman 2015, Table 1, columns D and E: 3x3 layers in conv1 .. conv5.
CONFIGS = {16: (2, 2, 3, 3, 3), 19: (2, 2, 4, 4, 4)}
STAGE_WIDTHS = (64, 128, 256, 512, 512)
HIDDEN_WIDTH = 4096
POOLED_SIZE = 7
SMALLEST_INPUT = 2 ** len(STAGE_WIDTHS)  # as many pools halve it


class VGG(Classifier):
    """Five stages of 3x3 convolutions, then fc6, fc7, fc8.

    The pool that ends a stage of the paper opens the next one here, so `conv5` is conv5_3 at
    stride 16, as detection takes it; pool5 belongs to the head.

    Shape: (N, 3, H, W) -> (N, num_classes) logits; any size of at least 32: the head pools to 7x7.
    Raises: ValueError for an unknown norm, a width that is not positive or a smaller image.
    Source: Simonyan and Zisserman 2015, Table 1.
    Deviation: no norm in that paper; `norm` adds one, with `eps`, after each convolution.
    """

    classifier_names = ("fc8",)

    def __init__(
        self,
        config: Sequence[int],
        *,
        num_classes: int = 1000,
        width: float = 1.0,
        norm: str | None = None,
        eps: float = 1e-5,
        dropout: float = 0.5,
    ) -> None:
        norm = norm_kind(norm) if norm else None
        stages: dict[str, nn.Module] = {}
        infos: dict[str, StageInfo] = {}
        channels = 3
        for index, (base, depth) in enumerate(zip(STAGE_WIDTHS, config, strict=True)):
            name, out_channels = f"conv{index + 1}", scale_channels(base, width)
            stages[name] = _make_stage(channels, out_channels, depth, norm, eps, pool=index > 0)
            infos[name] = StageInfo(name, out_channels, 2**index)
            channels = out_channels
        super().__init__(stages, infos)
        hidden = scale_channels(HIDDEN_WIDTH, width)
        self.dropout = dropout
        self.fc6 = nn.Linear(channels * POOLED_SIZE**2, hidden)
        self.fc7 = nn.Linear(hidden, hidden)
        he_init(self)
        self.num_classes = num_classes
        self.fc8 = make_classifier(hidden, num_classes)
        self.arch = {"width": width, "norm": norm, "dropout": dropout}
        if norm is not None:
            self.arch["eps"] = eps

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        height, width = x.shape[-2:]
        if min(height, width) < SMALLEST_INPUT:
            raise ValueError(
                f"images must be at least {SMALLEST_INPUT}x{SMALLEST_INPUT} pixels for a VGG, "
                f"got {width}x{height}"
            )
        x = F.max_pool2d(self.features(x, ("conv5",))["conv5"], 2)
        x = F.adaptive_avg_pool2d(x, POOLED_SIZE).flatten(1)
        x = F.dropout(F.relu_(self.fc6(x)), self.dropout, self.training)
        x = F.dropout(F.relu_(self.fc7(x)), self.dropout, self.training)
        return self.fc8(x)


class Halve(nn.Module):
    """The largest of each 2x2 places; a side of one stays one, so that no image is too narrow."""

    def forward(self, x: Tensor) -> Tensor:
        """Shape: (N, C, H, W) -> (N, C, max(H // 2, 1), max(W // 2, 1))."""
        if torch.compiler.is_exporting():  # a file takes 16 pixels at least, and no branch
            return F.max_pool2d(x, 2)
        height, width = x.shape[-2:]
        return F.max_pool2d(x, (min(height, 2), min(width, 2)))


def _make_stage(
    channels: int, out_channels: int, depth: int, norm: str | None, eps: float, *, pool: bool
) -> nn.Sequential:
    layers: OrderedDict[str, nn.Module] = OrderedDict()
    if pool:
        layers["pool"] = Halve()
    for index in range(1, depth + 1):
        layers[f"conv{index}"] = nn.Conv2d(channels, out_channels, 3, padding=1)
        if norm is not None:
            layers[f"norm{index}"] = make_norm(norm, out_channels, eps)
        layers[f"relu{index}"] = nn.ReLU(inplace=True)
        channels = out_channels
    return nn.Sequential(layers)


def _vgg(
    depth: int,
    *,
    num_classes: int = 1000,
    norm: str | None = None,
    width: float = 1.0,
    eps: float = 1e-5,
    dropout: float = 0.5,
) -> VGG:
    """VGG of 16 or 19 weighted layers."""
    return VGG(
        CONFIGS[depth], num_classes=num_classes, width=width, norm=norm, eps=eps, dropout=dropout
    )


def _vgg_bn(
    depth: int,
    *,
    num_classes: int = 1000,
    norm: str = "bn",
    width: float = 1.0,
    eps: float = 1e-5,
    dropout: float = 0.5,
) -> VGG:
    """VGG with a norm, which is not to be taken away under this name."""
    return _vgg(
        depth,
        num_classes=num_classes,
        norm=norm_kind(norm),
        width=width,
        eps=eps,
        dropout=dropout,
    )


for _depth in CONFIGS:
    register(f"vgg{_depth}", partial(_vgg, _depth))
    register(f"vgg{_depth}_bn", partial(_vgg_bn, _depth), spelling_of=f"vgg{_depth}")
