"""Parts of a network that no longer learn."""

from __future__ import annotations

from typing import TypeVar

from torch import nn

from backbones.features import StagedModule
from backbones.layers import BATCH_NORM_TYPES, FrozenBatchNorm2d

Module = TypeVar("Module", bound=nn.Module)
Staged = TypeVar("Staged", bound=StagedModule)


def freeze_batch_norm(model: Module) -> Module:
    """Replace, in place, every batch norm inside `model` by a frozen one with its numbers."""
    for parent in list(model.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, BATCH_NORM_TYPES):
                setattr(parent, name, FrozenBatchNorm2d.from_batch_norm(child))
    return model


def freeze_at(model: Staged, num_stages: int) -> Staged:
    """Stop the first `num_stages` stages from learning, parameters and statistics, in place.

    Counts as detectron2's FREEZE_AT: 0 nothing, 1 the stem, 2 the stem and res2; conv1 and conv2
    in a VGG, whose layers train from conv3_1 on.
    Raises: ValueError if the network has fewer stages.
    Source: Girshick 2015, Fast R-CNN, Section 4.5.
    """
    stages = list(model.stages().values())
    if not 0 <= num_stages <= len(stages):
        raise ValueError(f"num_stages must be in [0, {len(stages)}], got {num_stages}")
    for stage in stages[:num_stages]:
        freeze_batch_norm(stage).requires_grad_(False)
    return model
