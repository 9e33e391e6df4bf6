"""Batch norms of a detector, folded into its convolutions: the same numbers, fewer passes."""

from __future__ import annotations

from torch import nn

from backbones import Trunk
from backbones.freeze import fold_batch_norm
from backbones.layers import BATCH_NORM_TYPES, FrozenBatchNorm2d, normed_convs
from resdet.modeling.heads import Conv5Head


def fold(model: nn.Module) -> None:
    """Fold the norms of trunk and conv5 into their convolutions, where norms can be, in place."""
    for part in model.modules():
        if isinstance(part, (Trunk, Conv5Head)) and _foldable(part):
            fold_batch_norm(part)


def _foldable(part: nn.Module) -> bool:
    kinds = (*BATCH_NORM_TYPES, FrozenBatchNorm2d, nn.Identity)
    return all(layer.norm is None or isinstance(layer.norm, kinds) for layer in normed_convs(part))
