"""Which objects take part in training, and why the others do not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from backbones.terminal.wording import count
from resdet.structures import boxes as box
from resdet.structures.boxes import FloatArray
from resdet.structures.records import GroundTruth, ImageRecord, Int64Array

REASONS = ("crowd", "difficult", "corners swapped", "at most a pixel thin", "outside the image")
TAKES_PART = len(REASONS)
_NAMED = 5  # classes of a reason
_NOTHING = GroundTruth(np.zeros((0, 4), np.float32), np.zeros(0, np.int64))

Framed = tuple[GroundTruth, float, float]  # with the height and width of the image


def reasons(truth: GroundTruth, height: float, width: float, difficult: bool) -> NDArray[np.int8]:
    """The place in REASONS of what keeps each object out of training, TAKES_PART of the others.

    `difficult`: whether such ones take part.
    """
    boxes = truth.boxes
    kept_out = (
        truth.crowd,
        truth.difficult & (not difficult),
        (boxes[:, 2:] < boxes[:, :2]).any(axis=1),
        box.too_thin(boxes),
        box.too_thin(box.clip(boxes, height, width)),
    )
    found = np.full(len(truth), TAKES_PART, np.int8)
    for place in reversed(range(TAKES_PART)):
        found[kept_out[place]] = place
    return found


def objects_to_learn(record: ImageRecord, difficult: bool) -> tuple[FloatArray, Int64Array]:
    """Boxes, clipped to the image, and labels of those that take part. Unit: pixels of the file."""
    truth = record.ground_truth or _NOTHING
    keep = reasons(truth, record.height, record.width, difficult) == TAKES_PART
    return box.clip(truth.boxes[keep], record.height, record.width), truth.labels[keep]


@dataclass(frozen=True)
class Tally:
    """How many objects of each class take part, and how many do not, by reason.

    Shape: counts (K, len(REASONS) + 1), those that take part last.
    """

    class_names: tuple[str, ...]
    counts: Int64Array

    @property
    def taking_part(self) -> dict[str, int]:
        """Of each class."""
        return dict(zip(self.class_names, self.counts[:, TAKES_PART].tolist(), strict=True))

    def __str__(self) -> str:
        """As in `7 objects, of which 2 take no part in training: crowd 2 (cell 1, dust 1)`."""
        out = int(self.counts[:, :TAKES_PART].sum())
        told = count(int(self.counts.sum()), "object")
        if not out:
            return told
        takes = "takes" if out == 1 else "take"
        return f"{told}, of which {out:,} {takes} no part in training: {self.left_out()}"

    def left_out(self) -> str:
        """Those that take no part, by reason and class."""
        parts = []
        for reason, column in zip(REASONS, self.counts.T):
            named = [(n, name) for n, name in zip(column.tolist(), self.class_names) if n]
            named.sort(key=lambda pair: -pair[0])
            listed = ", ".join(f"{name} {n:,}" for n, name in named[:_NAMED])
            more = ", ..." * (len(named) > _NAMED)
            parts += [f"{reason} {column.sum():,} ({listed}{more})"] if named else []
        return ", ".join(parts)

    def never_learnt(self) -> Iterator[tuple[str, str]]:
        """Each class of which no object takes part, and why; "" where it has none."""
        for name, row in zip(self.class_names, self.counts.tolist()):
            if not row[TAKES_PART]:
                yield name, ", ".join(f"{why} {n:,}" for why, n in zip(REASONS, row) if n)


def tally(class_names: Sequence[str], truths: Iterable[Framed], difficult: bool) -> Tally:
    """Of all together; labels are places in `class_names`."""
    counts = np.zeros((len(class_names), TAKES_PART + 1), np.int64)
    for truth, height, width in truths:
        np.add.at(counts, (truth.labels, reasons(truth, height, width, difficult)), 1)
    return Tally(tuple(class_names), counts)


def tally_of(class_names: Sequence[str], records: Iterable[ImageRecord], difficult: bool) -> Tally:
    """Of the images whose objects are known."""
    known = ((r.ground_truth, r.height, r.width) for r in records if r.ground_truth is not None)
    return tally(class_names, known, difficult)


def nothing_to_learn(names: str, told: Tally) -> str:
    """What to say of data in which no object takes part in training; "" of others."""
    if told.counts[:, TAKES_PART].any():
        return ""
    crowd, difficult, *boxes = told.counts.sum(axis=0).tolist()
    ways = ["write iscrowd 0 where a box is around one object"] * bool(crowd)
    ways += ["say DATASETS.USE_DIFFICULT True to train on difficult ones"] * bool(difficult)
    ways += ["mend the boxes, of which resdet check-data tells"] * any(boxes)
    way_out = " or ".join(ways) or "annotate some"
    return f"{names} must have an object that takes part in training, got {told}; {way_out}"
