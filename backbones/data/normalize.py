"""From pixels to the input of a network."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from backbones.weights.checkpoint import Preprocessing


def mean_colour(preprocessing: Preprocessing) -> tuple[int, int, int]:
    """The RGB pixel that is nearest to zero for the network: what to pad with."""
    mean, _ = preprocessing.pixel_mean_std()
    if preprocessing.channel_order == "BGR":
        mean = mean[::-1]
    red, green, blue = (min(255, max(0, round(value))) for value in mean)
    return red, green, blue


def upload(tensor: Tensor, device: torch.device) -> Tensor:
    """`tensor` on `device`: out of pinned memory in a stream of its own, beside what still runs.

    Only what the current stream is given from now on waits for it.
    """
    if device.type != "cuda" or not tensor.is_pinned():
        return tensor.to(device, non_blocking=True)
    stream, current = _copies(device), torch.cuda.current_stream(device)
    with torch.cuda.stream(stream):
        moved = tensor.to(device, non_blocking=True)
    current.wait_stream(stream)
    moved.record_stream(current)  # else its memory could be given away while it is read
    return moved


@functools.cache
def _copies(device: torch.device) -> torch.cuda.Stream:
    return torch.cuda.Stream(device)  # type: ignore[no-untyped-call]


class Normalizer:
    """(pixel * scale - mean) / std on `device`, in the channel order of `preprocessing`.

    The mean is that of each pixel where there is one and images have its size, else the channel's.
    Shape: (N, H, W, 3) uint8 RGB -> (N, 3, H, W) float32 in channels_last memory.
    """

    def __init__(self, preprocessing: Preprocessing, device: torch.device | str) -> None:
        self._device = torch.device(device)
        self._reversed = preprocessing.channel_order == "BGR"
        self._scale = preprocessing.scale
        self._mean = torch.tensor(preprocessing.mean, dtype=torch.float32, device=device)
        self._std = torch.tensor(preprocessing.std, dtype=torch.float32, device=device)
        pixels = torch.tensor(preprocessing.mean_image, dtype=torch.float32, device=device)
        size = round((len(pixels) / 3) ** 0.5)
        self._mean_image = pixels.view(size, size, 3)

    def __call__(self, images: Tensor) -> Tensor:
        """Return the images as the network was trained to see them."""
        images = upload(images, self._device)
        if self._reversed:
            images = images.flip(-1)
        of_pixels = images.shape[1:] == self._mean_image.shape
        mean = self._mean_image if of_pixels else self._mean
        return ((images * self._scale - mean) / self._std).permute(0, 3, 1, 2)
