"""Deep networks trained in bounded memory: activations computed again instead of kept."""

from __future__ import annotations

import math
from collections import OrderedDict
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from types import TracebackType

import torch
from torch import Tensor, nn
from torch.utils.checkpoint import checkpoint

from backbones.blocks import BasicBlock, Bottleneck, PlainBlock
from backbones.features import Staged
from backbones.layers import BATCH_NORM_TYPES

_BLOCKS = (PlainBlock, BasicBlock, Bottleneck)


class CheckpointedStage(nn.Sequential):
    """A stage that keeps the input of every `length`-th child, and runs the rest again in backward.

    Children and state-dict keys are the stage's own.
    Shape: that of the stage.
    Source: Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost, Section 4.1.
    """

    def __init__(self, stage: nn.Sequential, length: int) -> None:
        super().__init__(OrderedDict(stage.named_children()))
        self.length = length
        self.training = stage.training

    def forward(self, x: Tensor) -> Tensor:
        """Run segment after segment; without gradients nothing would be kept anyway."""
        layers = list(self)
        for start in range(0, len(layers), self.length):
            segment = layers[start : start + self.length]
            if torch.is_grad_enabled():
                x = checkpoint(
                    partial(_run, segment),
                    x,
                    use_reentrant=False,
                    preserve_rng_state=_draws(segment),
                    context_fn=partial(_contexts, segment),
                )
            else:
                x = _run(segment, x)
        return x


def checkpoint_activations(model: Staged, segments: int | None = None) -> Staged:
    """Make `model` keep the inputs of about `segments` runs of blocks in training, in place.

    By default the square root of the number of blocks, which makes memory grow as that root. No
    run crosses the end of a stage, so each stage has one at least; a stage of a VGG is one run, and
    one that a companion reads keeps all.
    Gradients and statistics are those without; the price is a second forward.
    Raises: ValueError if segments is below 1.
    Source: Chen et al. 2016, Training Deep Nets with Sublinear Memory Cost, Section 4.1.
    """
    stages = {name: s for name, s in model.stages().items() if isinstance(s, nn.Sequential)}
    num_blocks = sum(_num_blocks(stage) for stage in stages.values())
    segments = round(math.sqrt(num_blocks)) if segments is None else segments
    if segments < 1:
        raise ValueError(f"segments must be at least 1, got {segments}")
    length = math.ceil(num_blocks / segments)
    for name, stage in stages.items():
        whole = _num_blocks(stage) == 1
        setattr(model, name, CheckpointedStage(stage, len(stage) if whole else length))
    return model


def _num_blocks(stage: nn.Sequential) -> int:
    """1 for a stage of bare layers: its ReLUs work in place, so a run must not begin with one."""
    return len(stage) if all(isinstance(child, _BLOCKS) for child in stage) else 1


def _draws(layers: list[nn.Module]) -> bool:
    """Whether random numbers must be drawn again as they were."""
    return any(isinstance(m, nn.Dropout) for layer in layers for m in layer.modules())


def _run(layers: list[nn.Module], x: Tensor) -> Tensor:
    for layer in layers:
        x = layer(x)
    return x


def _contexts(
    layers: list[nn.Module],
) -> tuple[AbstractContextManager[None], AbstractContextManager[None]]:
    return nullcontext(), _StatisticsKept(layers)


class _StatisticsKept(AbstractContextManager[None]):
    """Batch norms inside `layers` use the batch's statistics but do not count it a second time."""

    def __init__(self, layers: list[nn.Module]) -> None:
        modules = (module for layer in layers for module in layer.modules())
        self.norms = [module for module in modules if isinstance(module, BATCH_NORM_TYPES)]

    def __enter__(self) -> None:
        self.kept = [(norm.momentum, norm.num_batches_tracked) for norm in self.norms]
        uncounted = torch.zeros((), dtype=torch.long)
        for norm in self.norms:
            norm.momentum = 0.0  # running * (1 - 0) + batch * 0
            norm.num_batches_tracked = uncounted

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        for norm, (momentum, count) in zip(self.norms, self.kept):
            norm.momentum, norm.num_batches_tracked = momentum, count
