"""Residual networks for ImageNet and their plain counterparts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import torch.nn.functional as F
from torch import Tensor, nn

from backbones.blocks import BasicBlock, Bottleneck, PlainBlock
from backbones.features import Classifier, StageInfo
from backbones.layers import he_init, make_classifier, make_norm, norm_kind, scale_channels
from backbones.registry import register

Block = type[PlainBlock] | type[BasicBlock] | type[Bottleneck]

# Source: He et al. 2016, Table 1. Blocks in res2, res3, res4, res5 (conv2_x .. conv5_x).
TABLE_1: dict[int, tuple[Block, tuple[int, int, int, int]]] = {
    18: (BasicBlock, (2, 2, 2, 2)),
    34: (BasicBlock, (3, 4, 6, 3)),
    50: (Bottleneck, (3, 4, 6, 3)),
    101: (Bottleneck, (3, 4, 23, 3)),
    152: (Bottleneck, (3, 8, 36, 3)),
}


class Stem(nn.Module):
    """7x7 convolution of stride 2, norm, ReLU, 3x3 max-pool of stride 2.

    Shape: (N, 3, H, W) -> (N, channels, H / 4, W / 4).
    Source: He et al. 2016, Table 1, conv1 and the head of conv2_x.
    """

    def __init__(self, channels: int, norm: str, eps: float) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, channels, 7, stride=2, padding=3, bias=False)
        self.norm1 = make_norm(norm, channels, eps)

    def forward(self, x: Tensor) -> Tensor:
        """Reduce by four."""
        return F.max_pool2d(F.relu_(self.norm1(self.conv1(x))), 3, stride=2, padding=1)


class MakeStem(Protocol):
    """A function from channels, norm and eps to the layers before the first block."""

    def __call__(self, channels: int, norm: str, eps: float) -> nn.Module:
        """Build the stem."""


@dataclass(frozen=True)
class Layout:
    """What networks for large images and for small ones do not share.

    The stem has the channels of the first stage and hands on every `stem_stride`-th pixel; each
    stage after the first halves the image.
    """

    make_stem: MakeStem
    stem_stride: int
    stage_widths: Mapping[str, int]


IMAGENET = Layout(Stem, 4, {"res2": 64, "res3": 128, "res4": 256, "res5": 512})


class ResNet(Classifier):
    """Stem, stages of `block`, global average pool, one linear layer.

    With `PlainBlock` it is the plain network of the paper: no shortcut anywhere. A `res5_dilation`
    of 2 spreads the 3x3 layers of res5 instead of halving the image: the same weights, stride 16.

    Shape: (N, 3, H, W) -> (N, num_classes) logits.
    Raises: ValueError for an unknown norm or shortcut, a width that is not positive, or a
        dilation of res5 that is not 1, or 2 with bottlenecks.
    Source: He et al. 2016, Table 1 and Section 4.2; a dilated conv5 as in Dai et al. 2017,
        Deformable Convolutional Networks.
    """

    classifier_names = ("fc",)

    def __init__(
        self,
        block: Block,
        depths: Sequence[int],
        *,
        layout: Layout = IMAGENET,
        num_classes: int = 1000,
        stride_in_1x1: bool = True,
        res5_dilation: int = 1,
        shortcut: str = "B",
        norm: str = "bn",
        width: float = 1.0,
        eps: float = 1e-5,
    ) -> None:
        _check_dilation(res5_dilation, block)
        options: dict[str, Any] = {"norm": norm_kind(norm), "eps": eps}
        if block is not PlainBlock:
            options["shortcut"] = shortcut
        if block is Bottleneck:
            options["stride_in_1x1"] = stride_in_1x1
        first_width, *_ = layout.stage_widths.values()
        channels, stride = scale_channels(first_width, width), layout.stem_stride
        stages = {"stem": layout.make_stem(channels, options["norm"], eps)}
        infos = {"stem": StageInfo("stem", channels, stride)}
        for (name, base), depth in zip(layout.stage_widths.items(), depths, strict=True):
            dilated = name == "res5" and res5_dilation > 1
            first_stride = 2 if len(stages) > 1 and not dilated else 1
            extra = {"dilation": res5_dilation} if dilated else {}
            stage_width, stride = scale_channels(base, width), stride * first_stride
            stages[name] = _make_stage(
                block, channels, stage_width, depth, first_stride, options | extra
            )
            channels = stage_width * block.expansion
            infos[name] = StageInfo(name, channels, stride)
        super().__init__(stages, infos)
        he_init(self)
        if options["norm"] == "frozen":
            _start_as_shortcuts(self)
        self.num_classes = num_classes
        self.fc = make_classifier(channels, num_classes)
        self.arch = {"width": width, **options}
        if res5_dilation > 1:
            self.arch["res5_dilation"] = res5_dilation

    def forward(self, x: Tensor) -> Tensor:
        """Logits."""
        *_, last = self.stage_infos()
        x = self.features(x, (last,))[last]
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


def _check_dilation(res5_dilation: int, block: Block) -> None:
    allowed = (1, 2) if block is Bottleneck else (1,)
    if res5_dilation not in allowed:
        known = " or ".join(map(str, allowed))
        raise ValueError(
            f"res5_dilation must be {known} with {block.__name__}, got {res5_dilation}"
        )


def _make_stage(
    block: Block, channels: int, width: int, depth: int, stride: int, options: dict[str, Any]
) -> nn.Sequential:
    blocks: list[nn.Module] = []
    for index in range(depth):
        blocks.append(block(channels, width, stride if index == 0 else 1, **options))
        channels = width * block.expansion
    return nn.Sequential(*blocks)


def _start_as_shortcuts(model: nn.Module) -> None:
    """Set the last convolution of every residual branch to zero.

    No frozen norm holds random activations back: each block would double their variance, and
    101 layers overflow. Loaded weights replace these zeros.
    Source: Zhang et al. 2019, Fixup Initialization, Section 3.
    """
    for block in model.modules():
        if isinstance(block, (BasicBlock, Bottleneck)):
            last = block.conv3 if isinstance(block, Bottleneck) else block.conv2
            nn.init.zeros_(last.weight)


def _residual(
    depth: int,
    *,
    num_classes: int = 1000,
    norm: str = "bn",
    width: float = 1.0,
    stride_in_1x1: bool = True,
    res5_dilation: int = 1,
    shortcut: str = "B",
    eps: float = 1e-5,
) -> ResNet:
    """ResNet of Table 1; in 18 and 34, without 1x1 layers, both values of stride_in_1x1 agree."""
    block, depths = TABLE_1[depth]
    return ResNet(
        block,
        depths,
        num_classes=num_classes,
        stride_in_1x1=stride_in_1x1,
        res5_dilation=res5_dilation,
        shortcut=shortcut,
        norm=norm,
        width=width,
        eps=eps,
    )


def _plain(
    depth: int,
    *,
    num_classes: int = 1000,
    norm: str = "bn",
    width: float = 1.0,
    eps: float = 1e-5,
) -> ResNet:
    """Plain counterpart of the residual network of the same depth."""
    depths = TABLE_1[depth][1]
    return ResNet(PlainBlock, depths, num_classes=num_classes, norm=norm, width=width, eps=eps)


for _depth in TABLE_1:
    register(f"resnet{_depth}", partial(_residual, _depth))
for _depth in (18, 34):
    register(f"plain{_depth}", partial(_plain, _depth))
