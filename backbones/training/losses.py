"""What a classifier is trained by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from backbones.data.loader import Batch
from backbones.data.mixing import Mixing
from backbones.data.normalize import Normalizer


@dataclass(frozen=True)
class ClassificationLosses:
    """Cross-entropy of a batch and, where images are not mixed, its error, told to `watch` too.

    Unit: the error in percent.
    """

    normalize: Normalizer
    device: torch.device
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
        logits = model(inputs)
        loss = F.cross_entropy(logits, targets, label_smoothing=self.label_smoothing)
        if self.mixing is not None:  # an image of two classes is neither right nor wrong
            return {"loss_cls": loss}
        error = 100 * (logits.detach().argmax(1) != labels).float().mean()
        if self.watch is not None:
            self.watch(error)
        return {"loss_cls": loss, "train_error": error}
