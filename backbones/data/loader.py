"""Batches of images for training, endless and repeatable, and for testing, once through."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset, Sampler

from backbones.data.images import Images
from backbones.data.transforms import RandomView, Views, centre_view
from backbones.images.decoding import Image
from backbones.images.workers import read_batches

Batch = tuple[Tensor, Tensor]
Position = int
Sample = TypeVar("Sample")
Collated = TypeVar("Collated")


def epoch_order(seed: int, epoch: int, count: int) -> NDArray[np.int64]:
    """The permutation of `count` images in which an epoch shows them."""
    return np.random.default_rng((seed, epoch)).permutation(count)


def check_shares(batch_size: int, world_size: int) -> None:
    """Raise a ValueError if the processes cannot share a batch evenly."""
    if batch_size % world_size:
        raise ValueError(
            f"SOLVER.IMS_PER_BATCH must be a multiple of the {world_size} processes, "
            f"got {batch_size}"
        )


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
    """Position in the stream -> a random view of an image, and its label.

    An epoch is `repetitions` positions in a row for each image of its order, every position with
    random numbers of its own. Processes take positions in turn, so that the views of one image
    are spread over them, and with one process stand in one batch.
    Source: Hoffer et al. 2020, Section 3; the sampler of DeiT and torchvision.
    Deviation: theirs ends an epoch after as many positions as there are images, and so leaves out
    all but one in `repetitions` images; ours shows every image before the next epoch.
    """

    def __init__(self, images: Images, views: Views, seed: int, repetitions: int = 1) -> None:
        self._images = images
        self._views = views
        self._seed = seed
        self._repetitions = repetitions
        self._labels = images.labels
        self._epoch = -1
        self._order = np.empty(0, np.int64)

    def name(self, position: Position) -> str:
        """The image at a position, for messages."""
        return self._images.name(self._place(position)[2])

    def __getitem__(self, position: Position) -> tuple[Image, int]:
        epoch, offset, index = self._place(position)
        view = RandomView(self._views, np.random.default_rng((self._seed, epoch, offset)))
        return view(self._images.read(index, view.reduction)), int(self._labels[index])

    def _place(self, position: Position) -> tuple[int, int, int]:
        """(epoch, place in it, index of the image)."""
        epoch, offset = divmod(position, len(self._images) * self._repetitions)
        if epoch != self._epoch:
            order = epoch_order(self._seed, epoch, len(self._images))
            self._epoch, self._order = epoch, order
        return epoch, offset, int(self._order[offset // self._repetitions])


class CentreImages(Dataset[tuple[Image, int]]):
    """Index -> the centre of an image, and its label."""

    def __init__(self, images: Images, views: Views) -> None:
        self._images = images
        self._views = views
        self._labels = images.labels

    def __getitem__(self, index: int) -> tuple[Image, int]:
        image = self._images.read(index)
        view = centre_view(image, size=self._views.size, shorter_side=self._views.shorter_side_test)
        return view, int(self._labels[index])


def make_training_batches(
    images: TrainingImages,
    *,
    batch_size: int,
    start_iteration: int = 0,
    rank: int = 0,
    world_size: int = 1,
    num_workers: int = 0,
) -> Iterator[Batch]:
    """Endless batches of views (n, size, size, 3) uint8 RGB and labels (n,), this rank's share.

    Raises: ValueError if batch_size is no multiple of world_size; later if a file is unreadable.
    """
    check_shares(batch_size, world_size)
    sampler = EndlessSampler(first=start_iteration * batch_size, rank=rank, world_size=world_size)
    share = batch_size // world_size
    return load(
        images, sampler, _stack, batch_size=share, num_workers=num_workers, name=images.name
    )


def make_test_batches(
    images: Images,
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
    share = range(rank, len(images), world_size)
    centres = CentreImages(images, views)
    return load(
        centres, share, _stack, batch_size=batch_size, num_workers=num_workers, name=images.name
    )


def load(
    samples: Dataset[Sample],
    positions: Iterable[Position],
    collate: Callable[[list[Sample]], Collated],
    *,
    batch_size: int,
    num_workers: int,
    name: Callable[[Position], str] = str,
) -> Iterator[Collated]:
    """`collate` of the samples at every `batch_size` positions, read by workers, in order.

    Raises: as `read_batches`.
    """
    batches = _batched(positions, batch_size)
    return read_batches(samples, batches, collate, num_workers=num_workers, name=name)


def _batched(positions: Iterable[Position], size: int) -> Iterator[list[Position]]:
    remaining = iter(positions)
    while batch := list(islice(remaining, size)):
        yield batch


def _stack(samples: list[tuple[Image, int]]) -> Batch:
    views, labels = zip(*samples, strict=True)
    return torch.from_numpy(np.stack(views)), torch.tensor(labels)
