"""Records to batches: the same samples for any number of workers, from any iteration on."""

# ruff: noqa: PT028  (test_batches is no test)
from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import count, islice
from typing import Literal, TypedDict

import cv2
import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset as TorchDataset

from backbones.images.workers import read_batches
from resdet.data.mosaic import TILES, Mosaic
from resdet.data.reading import read_record
from resdet.data.taking_part import objects_to_learn
from resdet.data.transforms import Augmented, Image
from resdet.data.validate import logger
from resdet.structures.records import Float32Array, ImageId, ImageRecord, Int64Array

ChannelOrder = Literal["RGB", "BGR"]
Transform = Callable[[Image, Float32Array, Int64Array, Sequence[int]], Augmented]
MOSAIC = 1  # of a sample's seed, for what decides about its mosaic

Draw = tuple[int, int]  # index of the record, place in the endless shuffle


class Sample(TypedDict):
    """One image as the network gets it.

    Shape: image (3, H, W) uint8; boxes (N, 4) float32; labels (N,) int64.
    Unit: boxes in pixels of `image`; height and width of the file.
    """

    image: Tensor
    boxes: Tensor
    labels: Tensor
    image_id: ImageId
    height: int
    width: int
    index: int


def unlabelled(image: Tensor, height: int, width: int, image_id: ImageId = "") -> Sample:
    """An image to detect in. Shape: (3, H, W); `height` and `width` are those of the file."""
    return Sample(
        image=image,
        boxes=torch.zeros(0, 4),
        labels=torch.zeros(0, dtype=torch.int64),
        image_id=image_id,
        height=height,
        width=width,
        index=0,
    )


class DetectionDataset(TorchDataset[Sample]):
    """Reads, transforms and hands on records with the objects that take part in training.

    With `mosaic`, an image may be one among four.
    The randomness of a sample comes from `seed`, its index and its place in the shuffle alone.
    """

    def __init__(
        self,
        records: Sequence[ImageRecord],
        transform: Transform,
        *,
        channel_order: ChannelOrder = "RGB",
        seed: int = 0,
        use_difficult: bool = True,
        mosaic: Mosaic | None = None,
    ) -> None:
        if channel_order not in ("RGB", "BGR"):
            raise ValueError(f"channel_order must be RGB or BGR, got {channel_order!r}")
        self.records = records
        self.transform = transform
        self.channel_order = channel_order
        self.seed = seed
        self.use_difficult = use_difficult
        self.mosaic = mosaic
        self._others = self.with_boxes() if mosaic else []

    def __len__(self) -> int:
        return len(self.records)

    def targets(self, index: int) -> tuple[Float32Array, Int64Array]:
        """The boxes and labels of one record that take part, in pixels of the file."""
        boxes, labels = objects_to_learn(self.records[index], self.use_difficult)
        return boxes.astype(np.float32), labels

    def with_boxes(self) -> list[int]:
        """The records that have a box for training."""
        return [index for index in range(len(self)) if len(self.targets(index)[0])]

    def name(self, draw: Draw) -> str:
        """The image of a draw, for messages."""
        record = self.records[draw[0]]
        return f"{record.path} ({record.width}x{record.height})"

    def __getitem__(self, draw: int | Draw) -> Sample:
        """Raises: ValueError if the file is unreadable or of another size than its record."""
        index, place = (draw, 0) if isinstance(draw, int) else draw
        record = self.records[index]
        seed = (self.seed, place, index)
        rng = np.random.default_rng((*seed, MOSAIC))
        if self.mosaic and self._others and self.mosaic.is_due(place, rng):
            chosen = (index, *rng.choice(self._others, TILES - 1).tolist())
            images = [self._read(one) for one in chosen]
            image, boxes, labels = self.mosaic.make(images, seed, rng)
        else:
            image, boxes, labels = self.transform(*self._read(index), seed)
        return Sample(
            image=to_tensor(image, self.channel_order),
            boxes=torch.from_numpy(boxes),
            labels=torch.from_numpy(labels),
            image_id=record.image_id,
            height=record.height,
            width=record.width,
            index=index,
        )

    def _read(self, index: int) -> Augmented:
        return read_record(self.records[index]), *self.targets(index)


def to_tensor(image: Image, channel_order: ChannelOrder) -> Tensor:
    """(H, W, 3) RGB -> (3, H, W) in the order the network wants."""
    planes = cv2.split(image)
    return torch.from_numpy(np.stack(planes if channel_order == "RGB" else planes[::-1]))


def train_batches(
    dataset: DetectionDataset,
    *,
    batch_size: int,
    num_workers: int,
    aspect_ratio_grouping: bool = True,
    rank: int = 0,
    world_size: int = 1,
    start_iteration: int = 0,
    filter_empty: bool = False,
) -> Iterator[list[Sample]]:
    """Endless batches of one process; from `start_iteration` on, those of an uninterrupted run.

    Unit: batch_size in images per process.
    Raises: ValueError if there is nothing to train on, or a file is faulty.
    """
    unknown = [str(r.image_id) for r in dataset.records if r.ground_truth is None]
    if unknown:
        raise ValueError(
            f"records must be annotated for training, got {len(unknown)} that are not "
            f"({', '.join(unknown[:3])}, ...); choose a split with annotations"
        )
    indices = list(range(len(dataset)))
    if filter_empty:
        indices = dataset.with_boxes()
        dropped = len(dataset) - len(indices)
        logger.info("images without boxes, dropped: %d of %d", dropped, len(dataset))
    if not indices:
        raise ValueError(f"dataset must hold an image to train on, got none of {len(dataset)}")
    draws = islice(shuffled(indices, dataset.seed), rank, None, world_size)
    groups = [r.width > r.height and aspect_ratio_grouping for r in dataset.records]
    batches = islice(batched(draws, batch_size, groups), start_iteration, None)
    return read_batches(dataset, batches, list, num_workers=num_workers, name=dataset.name)


def test_batches(
    records: Sequence[ImageRecord],
    *,
    transform: Transform,
    batch_size: int = 1,
    num_workers: int = 0,
    channel_order: ChannelOrder = "RGB",
) -> Iterator[list[Sample]]:
    """Every image once, in order; the last batch may be short.

    Raises: ValueError if a file is faulty, after those before it.
    """
    dataset = DetectionDataset(records, transform, channel_order=channel_order)
    draws = [(index, 0) for index in range(len(records))]
    batches = [draws[at : at + batch_size] for at in range(0, len(draws), batch_size)]
    return read_batches(
        dataset, batches, list, num_workers=num_workers, name=dataset.name, whole=False
    )


def shuffled(indices: Sequence[int], seed: int) -> Iterator[Draw]:
    """One random order after another, endlessly; each draw with its place in the whole."""
    place = count()
    for epoch in count():
        for at in np.random.default_rng([seed, epoch]).permutation(len(indices)):
            yield indices[at], next(place)


def batched(draws: Iterable[Draw], batch_size: int, groups: Sequence[bool]) -> Iterator[list[Draw]]:
    """Batches within a group: wide images never share one with tall images."""
    waiting: dict[bool, list[Draw]] = {False: [], True: []}
    for draw in draws:
        group = waiting[groups[draw[0]]]
        group.append(draw)
        if len(group) == batch_size:
            yield list(group)
            group.clear()
