"""Four images in one: more objects for the same work, at more sizes and places."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from resdet.data.transforms import (
    MIN_SIDE,
    MIN_VISIBLE,
    Augmented,
    Image,
    TrainTransform,
    target_size,
)
from resdet.structures import boxes as box
from resdet.structures.records import Float32Array

Bools = NDArray[np.bool_]

TILES = 4
SCALES = (0.5, 1.0)  # of a tile, as parts of the size it has alone
MIDDLE = (0.35, 0.65)  # where the tiles may meet, as parts of the canvas
GREY = 114  # of what no tile covers. Source: Jocher 2020, YOLOv5


@dataclass(frozen=True)
class Mosaic:
    """`probability` of a mosaic in place of each of the first `draws` images of a run.

    Source: Bochkovskiy et al. 2020, YOLOv4, section 3.4; none in the last part of a run:
        Ge et al. 2021, YOLOX, section 2.1.
    """

    transform: TrainTransform
    probability: float
    draws: int

    def is_due(self, place: int, rng: np.random.Generator) -> bool:
        """Whether the image at this place of the shuffle is to be a mosaic."""
        return place < self.draws and bool(rng.random() < self.probability)

    def make(
        self, images: Sequence[Augmented], seed: Sequence[int], rng: np.random.Generator
    ) -> Augmented:
        """Four images as read, each transformed and shrunk, on the canvas that the first alone has.

        Shape: images (H, W, 3) RGB with boxes (N, 4), labels (N,).
        """
        size = int(rng.choice(self.transform.min_sizes))
        height, width = images[0][0].shape[:2]
        shape = target_size(height, width, size, self.transform.max_size)
        tiles = [
            self.transform(*image, (*seed, tile), rng.uniform(*SCALES))
            for tile, image in enumerate(images)
        ]
        return join(tiles, *shape, rng)


def join(
    tiles: Sequence[Augmented], height: int, width: int, rng: np.random.Generator
) -> Augmented:
    """The tiles around a random point: upper left, upper right, lower left, lower right.

    A corner of each lies at the point; what reaches beyond the canvas is cut. Boxes left with less
    than a fifth of their area are dropped, as in a crop.

    Shape: (height, width, 3); four tiles (H, W, 3) with boxes (N, 4), labels (N,).
    """
    canvas: Image = np.full((height, width, 3), GREY, np.uint8)
    y, x = (round(side * rng.uniform(*MIDDLE)) for side in (height, width))
    boxes, labels = [], []
    for place, (image, own, named) in enumerate(tiles):
        tall, wide = image.shape[:2]
        below, right = divmod(place, 2)
        top, left = (y if below else y - tall), (x if right else x - wide)
        rows = max(top, 0), min(top + tall, height)
        columns = max(left, 0), min(left + wide, width)
        canvas[slice(*rows), slice(*columns)] = image[
            rows[0] - top : rows[1] - top, columns[0] - left : columns[1] - left
        ]
        moved = (own + np.array([left, top] * 2)).astype(np.float32)
        kept, seen = _seen(moved, rows, columns)
        boxes.append(kept)
        labels.append(named[seen])
    return canvas, np.concatenate(boxes), np.concatenate(labels)


def _seen(
    boxes: Float32Array, rows: tuple[int, int], columns: tuple[int, int]
) -> tuple[Float32Array, Bools]:
    """The boxes cut to a part of the canvas, of those that are left; which these are."""
    low, high = [columns[0], rows[0]] * 2, [columns[1], rows[1]] * 2
    cut = np.clip(boxes, low, high).astype(np.float32)
    areas = [(b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1]) for b in (cut, boxes)]
    seen = (areas[0] >= MIN_VISIBLE * areas[1]) & ~box.too_thin(cut, MIN_SIDE)
    return cut[seen], seen
