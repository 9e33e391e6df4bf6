"""Batches mixed with themselves."""

from __future__ import annotations

import torch
from torch import Tensor
from torchvision.transforms import v2


class Mixing:
    """MixUp or CutMix of a batch with itself, either with probability 1/2 where both are asked for.

    An alpha of 0 leaves its kind out. Draws come from torch's CPU generator.
    Shape: (N, 3, H, W), (N,) -> (N, 3, H, W) in channels_last memory, (N, num_classes) that sum
    to 1.
    Raises: ValueError if both alphas are 0, or one is below.
    Source: Zhang et al. 2018; Yun et al. 2019; torchvision's references/classification/train.py.
    """

    def __init__(self, num_classes: int, mixup_alpha: float, cutmix_alpha: float) -> None:
        if min(mixup_alpha, cutmix_alpha) < 0 or mixup_alpha == cutmix_alpha == 0:
            raise ValueError(
                "INPUT.MIXUP_ALPHA and INPUT.CUTMIX_ALPHA must be >= 0 and one of them above, "
                f"got {mixup_alpha} and {cutmix_alpha}"
            )
        self._kinds = []
        if mixup_alpha:
            self._kinds.append(v2.MixUp(alpha=mixup_alpha, num_classes=num_classes))
        if cutmix_alpha:
            self._kinds.append(v2.CutMix(alpha=cutmix_alpha, num_classes=num_classes))

    def __call__(self, inputs: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the mixed inputs and the shares of their classes."""
        kind = self._kinds[int(torch.randint(len(self._kinds), ()))]
        inputs, targets = kind(inputs, labels)
        # torch's roll, which both use, need not keep the memory format on every device
        return inputs.contiguous(memory_format=torch.channels_last), targets
