"""What a writer of data is given, and what it tells: each counts what its form has no word for."""

from __future__ import annotations

import unicodedata
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
CROWD, DIFFICULT = "crowd", "difficult"  # among attributes
CLASSES = "changed: names of classes, of which files of one name a line hold no such"
CATEGORY_IDS = "changed: category ids are 1, 2, ... in the old order"
NO_DIFFICULT = "lost: `difficult`, which {program} takes for plain objects"
NO_CROWD = "lost: crowds, which {program} takes for plain objects"


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


def plain_text(text: str) -> str:
    """`text` as one line of a list or of XML gives it back."""
    return "".join("_" if _breaks(sign) else sign for sign in text).strip()


def category_numbers(ids: Sequence[int], from_one: bool, told: Told) -> list[int]:
    """`ids`, or 1, 2, ... where they must be so."""
    numbers = list(range(1, len(ids) + 1)) if from_one else list(ids)
    told[CATEGORY_IDS] += len(ids) if numbers != list(ids) else 0
    return numbers


def _breaks(sign: str) -> bool:
    """Whether it ends a line, is a command, or is no character of XML or of UTF-8."""
    return unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") or sign in "\ufeff\ufffe\uffff"


def plain_classes(names: Sequence[str], told: Told) -> list[str]:
    """Names as a file of one a line holds them; one of blanks alone is called by its number.

    Raises: ValueError where two would be one.
    """
    plain = [plain_text(name) or f"class_{number}" for number, name in enumerate(names)]
    for name, own in zip(names, plain):
        if plain.count(own) > 1:
            raise ValueError(
                f"class names must differ where blanks at their ends and line breaks are left "
                f"out, got {name!r}, which another is called as well; rename one in the data"
            )
    told[CLASSES] += sum(name != own for name, own in zip(names, plain))
    return plain
