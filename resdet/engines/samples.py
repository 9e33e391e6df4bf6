"""What the loader hands to an engine and what an engine hands back."""

from __future__ import annotations

from typing import TypedDict

from torch import Tensor

from resdet.structures import ImageId


class Sample(TypedDict):
    """One image as the network sees it.

    Shape: image (3, H, W) uint8; boxes (N, 4) float32 xyxy; labels (N,) int64.
    Unit: boxes in pixels of `image`; height and width of the image on disk.
    """

    image: Tensor
    boxes: Tensor
    labels: Tensor
    image_id: ImageId
    height: int
    width: int


Found = tuple[Tensor, Tensor, Tensor]  # boxes (N, 4), labels (N,), scores (N,)
