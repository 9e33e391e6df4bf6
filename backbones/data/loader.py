"""Batches of images for training, endless and repeatable, and for testing, once through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset, Sampler

from backbones.checkpoint import Preprocessing
from backbones.data.folder import ImageFolder
from backbones.data.transforms import Image, centre_view, random_view, read_image

Batch = tuple[Tensor, Tensor]
Position = int


@dataclass(frozen=True)
class Views:
    """How an image is cut for the network.

    Unit: pixels; `shorter_side_train` is a closed range.
    """

    size: int
    shorter_side_train: tuple[int, int]
    shorter_side_test: int
    flip: bool


class EndlessSampler(Sampler[Position]):
    """Positions rank, rank + world_size, ... of one endless stream shared by all processes.

    A position names an image, by a fresh permutation in each epoch, and its random numbers, so a
    run that starts at a later iteration sees what it would have seen had it never stopped.
    """

    def __init__(self, *, first: int, rank: int, world_size: int) -> None:
        self._first = first + rank
        self._step = world_size

    def __iter__(self) -> Iterator[Position]:
        position = self._first
        while True:
            yield position
            position += self._step


class TrainingImages(Dataset[tuple[Image, int]]):
    """Position in the stream -> a random view of an image, and its label."""

    def __init__(self, folder: ImageFolder, views: Views, seed: int) -> None:
        self._folder = folder
        self._views = views
        self._seed = seed
        self._epoch = -1
        self._order = np.empty(0, np.int64)

    def __getitem__(self, position: Position) -> tuple[Image, int]:
        epoch, offset = divmod(position, len(self._folder))
        if epoch != self._epoch:
            rng = np.random.default_rng((self._seed, epoch))
            self._epoch, self._order = epoch, rng.permutation(len(self._folder))
        index = self._order[offset]
        view = random_view(
            read_image(self._folder.paths[index]),
            np.random.default_rng((self._seed, epoch, offset)),
            size=self._views.size,
            shorter_side=self._views.shorter_side_train,
            flip=self._views.flip,
        )
        return view, int(self._folder.labels[index])


class CentreImages(Dataset[tuple[Image, int]]):
    """Index -> the centre of an image, and its label."""

    def __init__(self, folder: ImageFolder, views: Views) -> None:
        self._folder = folder
        self._views = views

    def __getitem__(self, index: int) -> tuple[Image, int]:
        image = read_image(self._folder.paths[index])
        view = centre_view(image, size=self._views.size, shorter_side=self._views.shorter_side_test)
        return view, int(self._folder.labels[index])


def make_training_batches(
    folder: ImageFolder,
    views: Views,
    *,
    batch_size: int,
    seed: int,
    start_iteration: int = 0,
    rank: int = 0,
    world_size: int = 1,
    num_workers: int = 0,
) -> Iterator[Batch]:
    """Endless batches of images (n, size, size, 3) uint8 RGB and labels (n,), this rank's share.

    Raises: ValueError if batch_size is no multiple of world_size; later if a file is unreadable.
    """
    if batch_size % world_size:
        raise ValueError(
            f"SOLVER.IMS_PER_BATCH must be a multiple of the {world_size} processes, "
            f"got {batch_size}"
        )
    sampler = EndlessSampler(first=start_iteration * batch_size, rank=rank, world_size=world_size)
    images = TrainingImages(folder, views, seed)
    return _load(images, batch_size // world_size, num_workers, sampler)


def make_test_batches(
    folder: ImageFolder,
    views: Views,
    *,
    batch_size: int,
    rank: int = 0,
    world_size: int = 1,
    num_workers: int = 0,
) -> Iterator[Batch]:
    """Batches of this rank's share of the images, each image in one rank, in order.

    Raises: ValueError if a file is unreadable.
    """
    share = range(rank, len(folder), world_size)
    return _load(CentreImages(folder, views), batch_size, num_workers, share)


def to_network_input(images: Tensor, preprocessing: Preprocessing, device: torch.device) -> Tensor:
    """(N, H, W, 3) uint8 RGB -> (N, 3, H, W) float32 in channels_last memory, on `device`."""
    images = images.to(device, non_blocking=True)
    if preprocessing.channel_order == "BGR":
        images = images.flip(-1)
    mean = torch.tensor(preprocessing.mean, device=device)
    std = torch.tensor(preprocessing.std, device=device)
    return ((images * preprocessing.scale - mean) / std).permute(0, 3, 1, 2)


class _Telling(Dataset["tuple[Image, int] | ValueError"]):
    """Returns a fault as a value: raised in a worker, its message would drown in a traceback."""

    def __init__(self, images: Dataset[tuple[Image, int]]) -> None:
        self._images = images

    def __getitem__(self, position: Position) -> tuple[Image, int] | ValueError:
        try:
            return self._images[position]
        except ValueError as fault:
            return fault


def _load(
    images: Dataset[tuple[Image, int]],
    batch_size: int,
    num_workers: int,
    positions: Iterable[Position],
) -> Iterator[Batch]:
    start_worker: Callable[[int], None] | None = _one_thread if num_workers else None
    batches: DataLoader[tuple[Image, int] | ValueError] = DataLoader(
        _Telling(images),
        batch_size,
        sampler=positions,
        num_workers=num_workers,
        collate_fn=_stack,
        worker_init_fn=start_worker,
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # else it would draw from the stream that dropout draws from
    )
    for batch in batches:
        if isinstance(batch, ValueError):
            raise batch
        yield batch


def _one_thread(worker: int) -> None:
    cv2.setNumThreads(0)  # the workers are the threads


def _stack(samples: list[tuple[Image, int] | ValueError]) -> Batch | ValueError:
    whole: list[tuple[Image, int]] = []
    for sample in samples:
        if isinstance(sample, ValueError):
            return sample
        whole.append(sample)
    views, labels = zip(*whole, strict=True)
    return torch.from_numpy(np.stack(views)), torch.tensor(labels)
