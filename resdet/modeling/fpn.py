"""Feature pyramid over any trunk."""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor, nn

from backbones import StageInfo, Trunk
from backbones.layers import make_norm


class FPN(nn.Module):
    """Lateral 1x1, top-down addition, 3x3 output; one more level pooled from the coarsest.

    Levels are called after their stride: p2 has stride 4, p6 stride 64.

    Shape: (N, 3, H, W) -> {"p2": (N, channels, H / 4, W / 4), ...}; H and W are multiples of
        `size_divisibility`.
    Source: Lin et al. 2017, Feature Pyramid Networks, section 3; the pooled level, section 4.1.
    """

    def __init__(
        self,
        bottom_up: Trunk,
        in_features: Sequence[str],
        channels: int,
        norm: str = "",
        fuse: str = "sum",
    ) -> None:
        super().__init__()
        self.bottom_up = bottom_up
        self.in_features = tuple(in_features)
        self._averages = {"sum": False, "avg": True}[fuse]
        infos = bottom_up.stage_infos()
        self.lateral = nn.ModuleDict()
        self.output = nn.ModuleDict()
        self._infos: dict[str, StageInfo] = {}
        for name in self.in_features:
            self.lateral[name] = _conv(infos[name].channels, channels, 1, norm)
            self.output[name] = _conv(channels, channels, 3, norm)
            level = f"p{int(math.log2(infos[name].stride))}"
            self._infos[level] = StageInfo(level, channels, infos[name].stride)
        last = 2 * infos[self.in_features[-1]].stride
        pooled = f"p{int(math.log2(last))}"
        self._infos[pooled] = StageInfo(pooled, channels, last)
        self.size_divisibility = infos[self.in_features[-1]].stride

    def stage_infos(self) -> dict[str, StageInfo]:
        """Name, channels and stride of every level, finest first."""
        return dict(self._infos)

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        """Features of every level, finest first."""
        stages = self.bottom_up.features(x, self.in_features)
        levels: list[Tensor] = []
        top: Tensor | None = None
        for name in reversed(self.in_features):
            lateral = self.lateral[name](stages[name])
            if top is not None:
                lateral += F.interpolate(top, size=lateral.shape[-2:], mode="nearest")
                if self._averages:
                    lateral /= 2
            top = lateral
            levels.insert(0, self.output[name](lateral))
        levels.append(F.max_pool2d(levels[-1], kernel_size=1, stride=2))
        return dict(zip(self._infos, levels))


def _conv(in_channels: int, channels: int, kernel: int, norm: str) -> nn.Module:
    conv = nn.Conv2d(in_channels, channels, kernel, padding=kernel // 2, bias=not norm)
    nn.init.kaiming_uniform_(conv.weight, a=1)
    if conv.bias is not None:
        nn.init.zeros_(conv.bias)
        return conv
    return nn.Sequential(conv, make_norm(norm, channels))
