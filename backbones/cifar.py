"""The 6n+2 networks for small images, residual and plain."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from backbones.blocks import BasicBlock, PlainBlock
from backbones.layers import conv3x3, make_norm
from backbones.registry import register_family
from backbones.resnet import Layout, ResNet

# Source: He et al. 2016, Table 6 and Fig. 6.
RESIDUAL_DEPTHS = (20, 32, 44, 56, 110, 1202)
PLAIN_DEPTHS = (20, 32, 44, 56)
NUM_STAGES = 3
LAYERS_PER_BLOCK = 2
LAYERS_PER_N = NUM_STAGES * LAYERS_PER_BLOCK
OTHER_LAYERS = 2  # the first convolution and the last linear layer


class SmallStem(nn.Module):
    """3x3 convolution, norm, ReLU: small images keep their size.

    Shape: (N, 3, H, W) -> (N, channels, H, W).
    Source: He et al. 2016, Section 4.2: "The first layer is 3x3 convolutions."
    """

    def __init__(self, channels: int, norm: str, eps: float) -> None:
        super().__init__()
        self.conv1 = conv3x3(3, channels)
        self.norm1 = make_norm(norm, channels, eps)

    def forward(self, x: Tensor) -> Tensor:
        """One weighted layer."""
        return F.relu_(self.norm1(self.conv1(x)))


# Source: He et al. 2016, Section 4.2: filters 16, 32, 64 on maps of 32, 16, 8.
CIFAR = Layout(SmallStem, 1, {"res2": 16, "res3": 32, "res4": 64})


def blocks_per_stage(depth: int) -> int:
    """Return n of a network with 6n + 2 weighted layers.

    Raises: ValueError that names the nearest depths.
    Source: He et al. 2016, Section 4.2.
    """
    n, rest = divmod(depth - OTHER_LAYERS, LAYERS_PER_N)
    if rest or n < 1:
        nearest = sorted({LAYERS_PER_N * max(m, 1) + OTHER_LAYERS for m in (n, n + 1)})
        raise ValueError(
            f"depth of a CIFAR network must be 6n+2, n >= 1, got {depth}; "
            f"the nearest: {' and '.join(map(str, nearest))}"
        )
    return n


def _residual(
    depth: int,
    *,
    num_classes: int = 10,
    norm: str = "bn",
    width: float = 1.0,
    shortcut: str = "A",
    eps: float = 1e-5,
) -> ResNet:
    """Residual network of Table 6; the paper pads (A) "in all cases"."""
    return ResNet(
        BasicBlock,
        (blocks_per_stage(depth),) * NUM_STAGES,
        layout=CIFAR,
        num_classes=num_classes,
        shortcut=shortcut,
        norm=norm,
        width=width,
        eps=eps,
    )


def _plain(
    depth: int,
    *,
    num_classes: int = 10,
    norm: str = "bn",
    width: float = 1.0,
    eps: float = 1e-5,
) -> ResNet:
    """Plain counterpart of the residual network of the same depth."""
    depths = (blocks_per_stage(depth),) * NUM_STAGES
    return ResNet(
        PlainBlock,
        depths,
        layout=CIFAR,
        num_classes=num_classes,
        norm=norm,
        width=width,
        eps=eps,
    )


register_family("cifar_resnet", _residual, RESIDUAL_DEPTHS)
register_family("cifar_plain", _plain, PLAIN_DEPTHS)
