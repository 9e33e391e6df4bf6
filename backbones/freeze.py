"""Parts of a network that no longer learn."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import torch
from torch import Tensor, nn

from backbones.features import Staged, in_eval_mode
from backbones.layers import BATCH_NORM_TYPES, FrozenBatchNorm2d, normed_convs

Module = TypeVar("Module", bound=nn.Module)


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


def recompute_statistics(model: nn.Module, batches: Iterable[Tensor]) -> None:
    """Set every batch norm's mean and variance to the average over `batches`, in place.

    The average of each batch's mean and of its unbiased variance, each batch weighing the same;
    whatever was there before is gone. Frozen norms keep theirs.
    Shape: each batch (n, 3, H, W), as the network takes it.
    Raises: ValueError if there is no batch; the statistics are then as they were.
    Source: He et al. 2016, Section 4.1 and the README of their published models.
    """
    norms = [module for module in model.modules() if isinstance(module, BATCH_NORM_TYPES)]
    momenta = [norm.momentum for norm in norms]
    number = 0
    with in_eval_mode(model), torch.no_grad():
        try:
            for number, batch in enumerate(batches, start=1):
                for norm in norms:
                    if number == 1:
                        norm.reset_running_stats()
                    norm.train()
                    norm.momentum = 1 / number
                model(batch)
        finally:
            for norm, momentum in zip(norms, momenta):
                norm.momentum = momentum
    if number == 0:
        raise ValueError("batches must be at least one, got none; give images to average over")


def fold_batch_norm(model: Module) -> Module:
    """Put every batch norm into the convolution before it, in place; eval outputs stay equal.

    The norms become `nn.Identity` and the convolutions have biases, so the state dict is no longer
    that of `arch`: a network to run, not one to train or save.
    Raises: ValueError, before anything is changed, if a norm is none of frozen, bn, sync.
    """
    layers = [layer for layer in normed_convs(model) if layer.norm is not None]
    foldable = (*BATCH_NORM_TYPES, FrozenBatchNorm2d)
    for layer in layers:
        if not isinstance(layer.norm, (*foldable, nn.Identity)):
            raise ValueError(
                f"norm must be one of frozen, bn, sync to be folded, got "
                f"{type(layer.norm).__name__} after {layer.conv_name}; run the network as it is"
            )
    for layer in layers:
        if isinstance(layer.norm, foldable):
            _fold(layer.conv, layer.norm)
            setattr(layer.parent, layer.norm_name, nn.Identity().train(layer.norm.training))
    return model


@torch.no_grad()
def _fold(conv: nn.Conv2d, norm: nn.Module) -> None:
    names = ("weight", "bias", "running_mean", "running_var")
    gain, shift, mean, variance = (getattr(norm, name).double() for name in names)
    scale = gain / (variance + norm.eps).sqrt()
    before = 0 if conv.bias is None else conv.bias.double()
    conv.weight.copy_(conv.weight.double() * scale.reshape(-1, 1, 1, 1))
    bias = (shift + (before - mean) * scale).to(conv.weight.dtype)
    conv.bias = nn.Parameter(bias, requires_grad=conv.weight.requires_grad)
