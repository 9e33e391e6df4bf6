"""What a classifier is trained by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backbones.data.loader import Batch
from backbones.data.mixing import Mixing
from backbones.data.normalize import Normalizer

Loss = Literal["cross_entropy", "squared_hinge"]


def squared_hinge(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean over images of the squares by which classes miss a margin of 1 on their side of 0.

    Shape: (N, K), (N,) -> ().
    Source: Tang 2013, Deep Learning using Linear Support Vector Machines, Section 2.2.
    """
    sides = 2 * F.one_hot(targets, logits.shape[1]) - 1
    return F.relu(1 - sides * logits).square().sum(1).mean()


@dataclass(frozen=True)
class ClassificationLosses:
    """The loss of a batch and, where images are not mixed, its error, told to `watch` too.

    Companions of the network add theirs, times `companion_weight`.
    Unit: the error in percent.
    """

    normalize: Normalizer
    device: torch.device
    loss: Loss = "cross_entropy"
    companion_weight: float = 0.0
    mixing: Mixing | None = None
    label_smoothing: float = 0.0
    watch: Callable[[Tensor], None] | None = None

    def __call__(self, model: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """What `train` asks of a `Learner`."""
        images, labels = batch
        labels = labels.to(self.device, non_blocking=True)
        inputs, targets = self.normalize(images), labels
        if self.mixing is not None:
            inputs, targets = self.mixing(inputs, labels)
        output = model(inputs)
        logits, *beside = output if isinstance(output, tuple) else (output,)
        compute = self._loss()
        losses = {"loss_cls": compute(logits, targets)}
        if beside:
            total = torch.stack([compute(companion, targets) for companion in beside]).sum()
            losses["loss_companions"] = self.companion_weight * total
        if self.mixing is not None:  # an image of two classes is neither right nor wrong
            return losses
        error = 100 * (logits.detach().argmax(1) != labels).float().mean()
        if self.watch is not None:
            self.watch(error)
        return {**losses, "train_error": error}

    def _loss(self) -> Callable[[Tensor, Tensor], Tensor]:
        if self.loss == "squared_hinge":
            return squared_hinge
        return partial(F.cross_entropy, label_smoothing=self.label_smoothing)
