"""Small images kept on the training device, cut there a whole batch at once.

Random numbers are drawn once for an epoch and sent to the device with its order, so that a batch
costs a few operations on the device and no word between it and the host. A batch is read off the
stream by position, whatever the number of processes: see `backbones.data.loader`.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from backbones.data.images import Images
from backbones.data.loader import Batch, check_shares, epoch_order
from backbones.data.transforms import Views
from backbones.machine.hardware import available_cores

_CHUNK = 256
_WAY_OUT = "or set DATASETS.IN_MEMORY False"


@dataclass(frozen=True)
class ResidentImages:
    """All images of a split on one device.

    Shape: images (N, H, W, 3) uint8 RGB; labels (N,) int64.
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)


def load_resident(
    images: Images, device: torch.device | str, *, threads: int | None = None
) -> ResidentImages:
    """Decode all images in `threads`, by default one for each core, and move them to `device`.

    Raises: ValueError if a file is unreadable or the sizes differ.
    """
    shape = images.read(0).shape
    pixels = np.empty((len(images), *shape), np.uint8)

    def fill(first: int) -> None:
        for index in range(first, min(first + _CHUNK, len(images))):
            image = images.read(index)
            if image.shape != shape:
                raise ValueError(
                    f"images in memory must all have the size of {images.name(0)}, {shape[:2]}, "
                    f"got {image.shape[:2]} of {images.name(index)}; resize it, {_WAY_OUT}"
                )
            pixels[index] = image

    with ThreadPoolExecutor(threads or available_cores()) as pool:
        for _ in pool.map(fill, range(0, len(images), _CHUNK)):
            pass  # a fault of a thread is raised here
    return ResidentImages(
        torch.from_numpy(pixels).to(device), torch.from_numpy(images.labels).to(device)
    )


def resident_training_batches(
    resident: ResidentImages,
    views: Views,
    *,
    batch_size: int,
    seed: int,
    start_iteration: int = 0,
    rank: int = 0,
    world_size: int = 1,
) -> Iterator[Batch]:
    """Endless batches on the device of `resident`, of the images that the loader's would hold.

    Shape: (n, size, size, 3) uint8 RGB, (n,) int64; n = batch_size / world_size.
    Raises: ValueError if batch_size is no multiple of world_size, or `views` asks for what is not
    done on the device; every such thing is listed.
    """
    check_shares(batch_size, world_size)
    _check_training_views(resident, views)
    return _training_batches(resident, views, batch_size, seed, start_iteration, rank, world_size)


def resident_test_batches(
    resident: ResidentImages, views: Views, *, batch_size: int, rank: int = 0, world_size: int = 1
) -> Iterator[Batch]:
    """Batches of this rank's share of the images, each image in one rank, in order.

    Raises: ValueError if the images would have to be scaled.
    """
    height, width = resident.images.shape[1:3]
    if views.shorter_side_test != min(height, width) or views.size > min(height, width):
        raise ValueError(
            f"INPUT.MIN_SIZE_TEST must be {min(height, width)} for images of {height} x {width} "
            f"in memory, got {views.shorter_side_test} and crops of {views.size}; set it, "
            f"{_WAY_OUT}"
        )
    top, left = (height - views.size) // 2, (width - views.size) // 2
    centres = resident.images[:, top : top + views.size, left : left + views.size]
    share = range(rank, len(resident), world_size)
    return (
        (
            centres[part.start : part.stop : world_size],
            resident.labels[part.start : part.stop : world_size],
        )
        for part in (share[i : i + batch_size] for i in range(0, len(share), batch_size))
    )


def _check_training_views(resident: ResidentImages, views: Views) -> None:
    wanted = {
        "INPUT.CROP": (views.crop, "pad"),
        "INPUT.COLOR_AUGMENTATION": ("alexnet" if views.alexnet_color else "none", "none"),
        "INPUT.TRIVIAL_AUGMENT": (views.trivial_augment, False),
        "INPUT.RANDOM_ERASING": (views.erasing, 0),
        "INPUT.SIZE": ((views.size, views.size), tuple(resident.images.shape[1:3])),
    }
    faults = [
        f"{key} must be {expected}, got {got}"
        for key, (got, expected) in wanted.items()
        if got != expected
    ]
    if faults:
        raise ValueError(f"of images in memory {'; '.join(faults)}; set it so, {_WAY_OUT}")


@dataclass(frozen=True)
class _Epoch:
    """Image, top, left and flip of every position. Shape: (4, N) int64, on the device."""

    number: int
    draws: Tensor


def _draw_epoch(resident: ResidentImages, views: Views, seed: int, number: int) -> _Epoch:
    count = len(resident)
    rng = np.random.default_rng((seed, number, count))
    draws = np.empty((4, count), np.int64)
    draws[0] = epoch_order(seed, number, count)
    draws[1:3] = rng.integers(2 * views.padding + 1, size=(2, count))
    draws[3] = rng.integers(2, size=count) if views.flip else 0
    host = torch.from_numpy(draws)
    if resident.images.is_cuda:
        host = host.pin_memory()  # else the copy would wait for the batches before it
    return _Epoch(number, host.to(resident.images.device, non_blocking=True))


def _training_batches(
    resident: ResidentImages,
    views: Views,
    batch_size: int,
    seed: int,
    iteration: int,
    rank: int,
    world_size: int,
) -> Iterator[Batch]:
    epoch = _draw_epoch(resident, views, seed, iteration * batch_size // len(resident))
    cut = _Cutter(resident.images, views)
    while True:
        first, end = iteration * batch_size + rank, (iteration + 1) * batch_size
        parts = []
        while first < end:
            number, offset = divmod(first, len(resident))
            if number != epoch.number:
                epoch = _draw_epoch(resident, views, seed, number)
            stop = min(len(resident), offset + end - first)
            parts.append(epoch.draws[:, offset:stop:world_size])
            first += world_size * parts[-1].shape[1]
        draws = parts[0] if len(parts) == 1 else torch.cat(parts, 1)
        yield cut(draws), resident.labels[draws[0]]
        iteration += 1


class _Cutter:
    """Images, padded, cut and flipped as drawn. Shape: (4, n) -> (n, size, size, 3)."""

    def __init__(self, images: Tensor, views: Views) -> None:
        self._images = images
        self._size, self._padding = views.size, views.padding
        self._fill = torch.tensor(views.fill, dtype=torch.uint8, device=images.device)
        self._places = torch.arange(views.size, device=images.device)

    def __call__(self, draws: Tensor) -> Tensor:
        index, top, left, flip = draws
        count, size, padding = len(index), self._size, self._padding
        width = size + 2 * padding
        padded = self._fill.repeat(count, width, width, 1)
        inner = slice(padding, padding + size)
        padded[:, inner, inner] = self._images.index_select(0, index)
        columns = torch.where(flip[:, None] == 1, size - 1 - self._places, self._places)
        columns = columns + left[:, None]
        rows = torch.arange(count, device=index.device)[:, None] * width + top[:, None]
        rows = rows + self._places
        pixels = rows[:, :, None] * width + columns[:, None, :]
        cut = padded.view(-1, 3).index_select(0, pixels.view(-1))
        return cut.view(count, size, size, 3)
