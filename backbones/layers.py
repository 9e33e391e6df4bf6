"""Convolutions, norms and initial weights shared by every network."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import torch
from torch import Tensor, nn

BATCH_NORM_TYPES = (nn.BatchNorm2d, nn.SyncBatchNorm)
NORM_KINDS = ("frozen", "bn", "sync", "gn")
_DETECTRON2_NORMS = {"FrozenBN": "frozen", "BN": "bn", "SyncBN": "sync", "GN": "gn"}
_MAX_GROUPS = 32  # Source: Wu and He 2018, Group Normalization, Table 3
_CHANNEL_MULTIPLE = 8


def conv1x1(in_channels: int, out_channels: int, stride: int = 1) -> nn.Conv2d:
    """(N, in, H, W) -> (N, out, H / stride, W / stride), without bias: a norm follows."""
    return nn.Conv2d(in_channels, out_channels, 1, stride, bias=False)


def conv3x3(in_channels: int, out_channels: int, stride: int = 1, dilation: int = 1) -> nn.Conv2d:
    """(N, in, H, W) -> (N, out, H / stride, W / stride), padded, without bias: a norm follows."""
    return nn.Conv2d(
        in_channels, out_channels, 3, stride, padding=dilation, dilation=dilation, bias=False
    )


class FrozenBatchNorm2d(nn.Module):
    """(x - running_mean) / sqrt(running_var + eps) * weight + bias, all four constants.

    Shape: (N, channels, H, W) -> the same.
    Source: He et al. 2016, Appendix A: BN is fixed while a detector is fine-tuned.
    """

    weight: Tensor
    bias: Tensor
    running_mean: Tensor
    running_var: Tensor

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.eps = eps
        self.register_buffer("weight", torch.ones(channels))
        self.register_buffer("bias", torch.zeros(channels))
        self.register_buffer("running_mean", torch.zeros(channels))
        self.register_buffer("running_var", torch.ones(channels))

    def forward(self, x: Tensor) -> Tensor:
        """One multiply-add; unlike `F.batch_norm` it keeps no copy of x for backward."""
        scale, shift = self.scale_and_shift()
        columns = (1, -1, 1, 1)
        return torch.addcmul(
            shift.to(x.dtype).reshape(columns), x, scale.to(x.dtype).reshape(columns)
        )

    def scale_and_shift(self) -> tuple[Tensor, Tensor]:
        """Factor and summand of each channel."""
        scale = self.weight * (self.running_var + self.eps).rsqrt()
        return scale, self.bias - self.running_mean * scale

    def extra_repr(self) -> str:
        """Return channels and eps, for `print(model)`."""
        return f"{self.weight.numel()}, eps={self.eps}"

    def _load_from_state_dict(
        self, state_dict: dict[str, Tensor], prefix: str, *args: object
    ) -> None:
        # A trained BatchNorm2d counts its batches; a frozen one has no use for the count.
        state_dict.pop(prefix + "num_batches_tracked", None)
        super()._load_from_state_dict(state_dict, prefix, *args)  # type: ignore[arg-type]

    @classmethod
    def from_batch_norm(cls, norm: nn.BatchNorm2d | nn.SyncBatchNorm) -> FrozenBatchNorm2d:
        """Return the same numbers, no longer trained."""
        frozen = cls(norm.num_features, norm.eps)
        for name in ("weight", "bias", "running_mean", "running_var"):
            getattr(frozen, name).data = getattr(norm, name).detach().clone()
        return frozen.train(norm.training)


def norm_kind(name: str) -> str:
    """Return our word for a norm, from ours or detectron2's ("FrozenBN" -> "frozen").

    Raises: ValueError for any other word.
    """
    kind = _DETECTRON2_NORMS.get(name, name)
    if kind not in NORM_KINDS:
        known = ", ".join((*NORM_KINDS, *_DETECTRON2_NORMS))
        raise ValueError(f"norm must be one of {known}, got {name!r}")
    return kind


def make_norm(kind: str, channels: int, eps: float = 1e-5) -> nn.Module:
    """Return the norm layer of `kind`; "gn" takes the most groups <= 32 that divide channels."""
    kind = norm_kind(kind)
    if kind == "frozen":
        return FrozenBatchNorm2d(channels, eps)
    if kind == "bn":
        return nn.BatchNorm2d(channels, eps)
    if kind == "sync":
        return nn.SyncBatchNorm(channels, eps)
    groups = max(g for g in range(1, min(_MAX_GROUPS, channels) + 1) if channels % g == 0)
    return nn.GroupNorm(groups, channels, eps)


def scale_channels(channels: int, width: float) -> int:
    """Channels * width, to the nearest multiple of 8 and at least 8.

    Raises: ValueError if width is not positive.
    """
    if not width > 0:
        raise ValueError(f"width must be > 0, got {width}")
    return max(1, int(channels * width / _CHANNEL_MULTIPLE + 0.5)) * _CHANNEL_MULTIPLE


class NormedConv(NamedTuple):
    """A convolution and the norm that follows it, both children of `parent`."""

    parent: nn.Module
    conv: nn.Conv2d
    conv_name: str  # within the network
    norm: nn.Module | None  # a VGG may have none
    norm_name: str  # within `parent`


def normed_convs(model: nn.Module) -> Iterator[NormedConv]:
    """Every convolution of our networks, in the order of definition, with its norm.

    In each of them `norm`, `norm1`, .. follows `conv`, `conv1`, ..
    """
    for prefix, parent in model.named_modules():
        for name, child in parent.named_children():
            if isinstance(child, nn.Conv2d):
                norm_name = name.replace("conv", "norm")
                found = dict(parent.named_children()).get(norm_name)
                norm = None if found is child else found
                yield NormedConv(parent, child, f"{prefix}.{name}".lstrip("."), norm, norm_name)


def he_init(model: nn.Module, mode: Literal["fan_out", "fan_in"] = "fan_out") -> None:
    """Draw weights from N(0, 2 / fan): that of `mode` for convolutions, fan_in for linear layers.

    Source: He et al. 2015, Delving Deep into Rectifiers, eq. 10 and 14.
    """
    for module in model.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight, mode=mode, nonlinearity="relu")
        elif isinstance(module, nn.Linear):
            nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
        else:
            continue
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def make_classifier(in_features: int, num_classes: int) -> nn.Linear:
    """Return the last linear layer, drawn from N(0, 0.01^2) so that the first logits are small."""
    classifier = nn.Linear(in_features, num_classes)
    nn.init.normal_(classifier.weight, std=0.01)
    nn.init.zeros_(classifier.bias)
    return classifier
