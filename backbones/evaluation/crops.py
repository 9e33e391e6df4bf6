"""Networks on crops of test images."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor, nn

from backbones.data.transforms import centre_view, crop, scale_shorter_side
from backbones.evaluation.scores import Views, errors_of_all
from backbones.evaluation.topk import ranks
from backbones.images.decoding import Image
from backbones.machine.exhaustion import fitting


def single_crop(image: Image, *, size: int, shorter_side: int) -> Views:
    """The centre of the scaled image, (1, size, size, 3)."""
    return (centre_view(image, size=size, shorter_side=shorter_side)[None],)


def ten_crops(image: Image, *, size: int, shorter_side: int) -> Views:
    """Four corners and the centre of the scaled image, then the same flipped.

    Shape: (10, size, size, 3).
    Source: Krizhevsky et al. 2012, Section 4.1; He et al. 2016, Section 4.1 (Table 3).
    """
    image = scale_shorter_side(image, shorter_side)
    bottom, right = image.shape[0] - size, image.shape[1] - size
    corners = [(0, 0), (0, right), (bottom, 0), (bottom, right)]
    places = [*corners, (bottom // 2, right // 2)]
    crops = np.stack([crop(image, top, left, size) for top, left in places])
    return (np.concatenate((crops, crops[:, :, ::-1])),)


@torch.inference_mode()
def evaluate_one_crop(
    model: nn.Module,
    batches: Iterable[tuple[Tensor, Tensor]],
    normalize: Callable[[Tensor], Tensor],
) -> dict[str, float]:
    """Top-1 and top-5 error over the batches of every process; leaves the model in eval mode.

    Shape: batches of (N, H, W, 3) uint8 RGB and (N,) labels.
    Unit: percent.
    """
    model.eval()
    found = []
    for images, labels in batches:
        with fitting((images, labels), "testing"):
            logits = model(normalize(images)).float()
        found.append(ranks(logits, labels.to(logits.device)))
    return errors_of_all(found)
