"""What the loader hands to an engine and what an engine hands back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor

from resdet.data.loader import Sample
from resdet.modeling.predictions import RawDetections
from resdet.structures import boxes as box_ops
from resdet.structures.records import Detections

__all__ = ["Features", "RawDetections", "Sample", "in_own_pixels", "to_host"]


class Features(NamedTuple):
    """What a trunk made of a batch: maps by name, and the images as the engine holds them."""

    maps: dict[str, Tensor]
    images: Any


def to_host(found: Sequence[RawDetections]) -> list[RawDetections]:
    """Bring the detections of all images over in one transfer, which waits for the device once."""
    columns = [
        torch.cat([b.float(), n[:, None].float(), s[:, None].float()], 1) for b, n, s in found
    ]
    parts = torch.split(torch.cat(columns).cpu(), [len(c) for c in columns])
    return [(part[:, :4], part[:, 4].long(), part[:, 5]) for part in parts]


def in_own_pixels(found: RawDetections, sample: Sample) -> Detections:
    """Boxes in pixels of the file, on the host, out of those in pixels of the sample's image."""
    boxes, labels, scores = (t.numpy() for t in found)
    height, width = sample["height"], sample["width"]
    resized_height, resized_width = sample["image"].shape[-2:]
    scale = np.array([width / resized_width, height / resized_height] * 2, np.float32)
    boxes = box_ops.clip(boxes.astype(np.float32) * scale, height, width)
    return Detections(sample["image_id"], boxes, labels, scores.astype(np.float32))
