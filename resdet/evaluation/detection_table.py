"""Detections as columns: what every evaluator works on, in the order in which they were read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from resdet.evaluation.image_ids import Files, resolve_ids
from resdet.structures.records import Detections, ImageId, Int64Array

Float64Array = NDArray[np.float64]


@dataclass(frozen=True)
class DetectionTable:
    """N detections of any images; row order is reading order, which settles equal scores.

    A list of `Detections` cannot hold a file whose lines jump between images; columns can.

    Shape: images, labels, scores (N,); boxes (N, 4) xyxy. `images` indexes `image_ids`.
    Unit: pixels, continuous, 0-based; float64, so that text read back keeps every digit.
    """

    image_ids: tuple[ImageId, ...]
    images: Int64Array
    boxes: Float64Array
    labels: Int64Array
    scores: Float64Array

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def of(cls, detections: Iterable[Detections]) -> DetectionTable:
        """Join per-image detections; an image may come more than once."""
        parts = list(detections)
        numbers = number_ids(part.image_id for part in parts)
        index = [numbers[part.image_id] for part in parts]
        return cls(
            image_ids=tuple(numbers),
            images=np.repeat(np.array(index, np.int64), [len(part) for part in parts]),
            boxes=join_columns((part.boxes for part in parts), np.float64, 4),
            labels=join_columns((part.labels for part in parts), np.int64),
            scores=join_columns((part.scores for part in parts), np.float64),
        )

    def per_image(self) -> list[Detections]:
        """One `Detections` per image that has any, each by falling score."""
        order = np.lexsort((-self.scores, self.images))
        images, first = np.unique(self.images[order], return_index=True)
        return [
            Detections(self.image_ids[i], self.boxes[rows], self.labels[rows], self.scores[rows])
            for i, rows in zip(images, np.split(order, first[1:]))
        ]

    def for_images(self, files: Files) -> DetectionTable:
        """The same rows under the image ids of the data, whatever `resolve_ids` understands.

        Raises: ValueError for ids that mean no image, or that two images could mean.
        """
        return replace(self, image_ids=tuple(resolve_ids(self.image_ids, files)))

    def for_classes(self, model: Sequence[str], data: Sequence[str]) -> DetectionTable:
        """The rows with labels in the order of the data's classes, without those of no such class.

        Raises: ValueError if the data names a class that the model has not; both are listed.
        """
        if tuple(model) == tuple(data):
            return self
        if set(data) - set(model):
            raise ValueError(
                "class names of the detections must be those of the data, got "
                f"[{', '.join(model)}] for [{', '.join(data)}]; "
                "score a model on data of its own classes"
            )
        place = {name: label for label, name in enumerate(data)}
        labels = np.array([place.get(name, -1) for name in model], np.int64)[self.labels]
        kept = labels >= 0
        return replace(
            self,
            images=self.images[kept],
            boxes=self.boxes[kept],
            labels=labels[kept],
            scores=self.scores[kept],
        )


def number_ids(ids: Iterable[ImageId]) -> dict[ImageId, int]:
    """Each different id -> 0, 1, 2, ... in the order of first appearance."""
    return {image_id: number for number, image_id in enumerate(dict.fromkeys(ids))}


def turns_as_text(ids: Sequence[ImageId]) -> Int64Array:
    """(I,) the place of each image where they are sorted by their ids as text: "10" before "2"."""
    turns = np.empty(len(ids), np.int64)
    turns[sorted(range(len(ids)), key=lambda place: str(ids[place]))] = np.arange(len(ids))
    return turns


def join_columns(parts: Iterable[NDArray[Any]], dtype: type, *shape: int) -> NDArray[Any]:
    """(N1, *shape), (N2, *shape), ... -> (N1 + N2 + ..., *shape); of none, (0, *shape)."""
    return np.concatenate([np.zeros((0, *shape), dtype), *parts], dtype=dtype)
