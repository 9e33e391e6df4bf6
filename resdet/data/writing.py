"""What a writer of data is given, and what it tells: each counts what its form has no word for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from resdet.structures.records import GroundTruth, ImageRecord

Told = Counter[str]
Splits = Mapping[str, Sequence["Picture"]]
SHAPES = "lost: polygons and masks, of which the boxes are kept"
TAGS = "lost: objects with further tags of VOC, such as parts"
INVERTED = "lost: boxes with corners swapped (resdet check-data --fix swaps them back)"
IDS = "lost: ids of annotations, and of images whose names are no numbers"
NO_VAL = "missing: `val:` in data.yaml, which ultralytics wants"  # told without a count


@dataclass(frozen=True)
class Details:
    """Of one object: VOC's `truncated`, `occluded` and `pose`; COCO's id and rest of its entry.

    `shape`: it was drawn as a polygon or mask. `others`: VOC's tags of parts, actions and the like.
    """

    attributes: dict[str, Any] = field(default_factory=dict)
    shape: bool = False
    others: bool = False
    entry: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Picture:
    """One image: the name of its file in the copy, its COCO id, details of each object."""

    record: ImageRecord
    name: str
    number: int
    details: list[Details]

    @property
    def truth(self) -> GroundTruth:
        """Its objects; none where nothing is known."""
        known = self.record.ground_truth
        return GroundTruth(np.zeros((0, 4)), np.zeros(0, np.int64)) if known is None else known

    @property
    def stem(self) -> str:
        """Of its file."""
        return self.name.rpartition(".")[0]


def each_picture(splits: Splits) -> list[Picture]:
    """Of all splits, each once."""
    return list({p.record.path: p for pictures in splits.values() for p in pictures}.values())


def upright(picture: Picture, told: Told) -> list[int]:
    """The objects that are no box with swapped corners, which neither COCO nor YOLO can hold."""
    boxes = picture.truth.boxes
    told.update({TAGS: sum(detail.others for detail in picture.details)})
    sound = (boxes[:, 2:] >= boxes[:, :2]).all(axis=1)
    told.update({INVERTED: int((~sound).sum())})
    return np.flatnonzero(sound).tolist()
