"""Networks on crops of test images."""

from __future__ import annotations

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from backbones.checkpoint import Preprocessing
from backbones.data.loader import to_network_input
from backbones.evaluation.topk import ranks, topk_errors
from backbones.training import distributed


@torch.inference_mode()
def evaluate_one_crop(
    model: nn.Module, batches: Iterable[tuple[Tensor, Tensor]], preprocessing: Preprocessing
) -> dict[str, float]:
    """Top-1 and top-5 error over the batches of every process; leaves the model in eval mode.

    Shape: batches of (N, H, W, 3) uint8 RGB and (N,) labels.
    Unit: percent.
    """
    model.eval()
    device = next(model.parameters()).device
    found = [
        ranks(model(to_network_input(images, preprocessing, device)).float(), labels.to(device))
        for images, labels in batches
    ]
    own = torch.cat(found).cpu() if found else torch.empty(0, dtype=torch.long)
    return topk_errors(torch.cat(cast(list[Tensor], distributed.gather(own))))
