"""The three blocks of the paper and its three kinds of shortcut."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from backbones.layers import conv1x1, conv3x3, make_norm

SHORTCUTS = ("A", "B", "C")


class PaddedShortcut(nn.Module):
    """Identity: every stride-th pixel, new channels zero; no parameter.

    Shape: (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride).
    Source: He et al. 2016, Section 3.3, option A.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int) -> None:
        super().__init__()
        self.stride = stride
        self.new_channels = out_channels - in_channels

    def forward(self, x: Tensor) -> Tensor:
        """Subsample, then pad the channels."""
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.new_channels))


class Projection(nn.Module):
    """1x1 convolution and norm.

    Shape: (N, in_channels, H, W) -> (N, out_channels, H / stride, W / stride).
    Source: He et al. 2016, Section 3.3, option B.
    """

    def __init__(
        self, in_channels: int, out_channels: int, stride: int, norm: str, eps: float
    ) -> None:
        super().__init__()
        self.conv = conv1x1(in_channels, out_channels, stride)
        self.norm = make_norm(norm, out_channels, eps)

    def forward(self, x: Tensor) -> Tensor:
        """Project."""
        return self.norm(self.conv(x))


def make_shortcut(
    option: str, in_channels: int, out_channels: int, stride: int, norm: str, eps: float
) -> nn.Module:
    """Return option A, B or C for one block.

    A pads where the shape changes, B projects where it changes, C projects everywhere.
    Raises: ValueError for another option.
    Source: He et al. 2016, Section 4.1, "Identity vs. Projection Shortcuts".
    """
    if option not in SHORTCUTS:
        raise ValueError(f"shortcut must be one of A, B, C, got {option!r}")
    same_shape = stride == 1 and in_channels == out_channels
    if option == "C" or (option == "B" and not same_shape):
        return Projection(in_channels, out_channels, stride, norm, eps)
    if same_shape:
        return nn.Identity()
    return PaddedShortcut(in_channels, out_channels, stride)


def _check_stride(stride: int) -> None:
    if stride not in (1, 2):
        raise ValueError(f"stride must be 1 or 2, got {stride}")


class PlainBlock(nn.Module):
    """3x3, 3x3, each with norm and ReLU: the block of the plain counterpart.

    Shape: (N, in_channels, H, W) -> (N, width, H / stride, W / stride).
    Raises: ValueError if stride is not 1 or 2.
    Source: He et al. 2016, Fig. 3 middle.
    """

    expansion = 1

    def __init__(
        self, in_channels: int, width: int, stride: int, *, norm: str = "bn", eps: float = 1e-5
    ) -> None:
        super().__init__()
        _check_stride(stride)
        self.conv1 = conv3x3(in_channels, width, stride)
        self.norm1 = make_norm(norm, width, eps)
        self.conv2 = conv3x3(width, width)
        self.norm2 = make_norm(norm, width, eps)

    def forward(self, x: Tensor) -> Tensor:
        """Two weighted layers."""
        out = F.relu_(self.norm1(self.conv1(x)))
        return F.relu_(self.norm2(self.conv2(out)))


class BasicBlock(nn.Module):
    """3x3, 3x3, plus shortcut; ReLU after the addition.

    Shape: (N, in_channels, H, W) -> (N, width, H / stride, W / stride).
    Raises: ValueError if stride is not 1 or 2.
    Source: He et al. 2016, Fig. 5 left, Table 1.
    """

    expansion = 1

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int,
        *,
        shortcut: str = "B",
        norm: str = "bn",
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        _check_stride(stride)
        self.conv1 = conv3x3(in_channels, width, stride)
        self.norm1 = make_norm(norm, width, eps)
        self.conv2 = conv3x3(width, width)
        self.norm2 = make_norm(norm, width, eps)
        self.shortcut = make_shortcut(shortcut, in_channels, width, stride, norm, eps)

    def forward(self, x: Tensor) -> Tensor:
        """F(x) + x, then ReLU."""
        out = F.relu_(self.norm1(self.conv1(x)))
        out = self.norm2(self.conv2(out))
        out += self.shortcut(x)
        return F.relu_(out)


class Bottleneck(nn.Module):
    """1x1 reduce, 3x3 (of `dilation`), 1x1 restore, plus shortcut; ReLU after the addition.

    Shape: (N, in_channels, H, W) -> (N, 4 * width, H / stride, W / stride).
    Raises: ValueError if stride is not 1 or 2.
    Source: He et al. 2016, Fig. 5 right, Table 1. The paper strides in the first 1x1
    (`stride_in_1x1=True`); torchvision's networks stride in the 3x3.
    """

    expansion = 4

    def __init__(
        self,
        in_channels: int,
        width: int,
        stride: int,
        *,
        stride_in_1x1: bool = True,
        dilation: int = 1,
        shortcut: str = "B",
        norm: str = "bn",
        eps: float = 1e-5,
    ) -> None:
        super().__init__()
        _check_stride(stride)
        stride_1x1, stride_3x3 = (stride, 1) if stride_in_1x1 else (1, stride)
        out_channels = width * self.expansion
        self.conv1 = conv1x1(in_channels, width, stride_1x1)
        self.norm1 = make_norm(norm, width, eps)
        self.conv2 = conv3x3(width, width, stride_3x3, dilation)
        self.norm2 = make_norm(norm, width, eps)
        self.conv3 = conv1x1(width, out_channels)
        self.norm3 = make_norm(norm, out_channels, eps)
        self.shortcut = make_shortcut(shortcut, in_channels, out_channels, stride, norm, eps)

    def forward(self, x: Tensor) -> Tensor:
        """F(x) + x, then ReLU."""
        out = F.relu_(self.norm1(self.conv1(x)))
        out = F.relu_(self.norm2(self.conv2(out)))
        out = self.norm3(self.conv3(out))
        out += self.shortcut(x)
        return F.relu_(out)
