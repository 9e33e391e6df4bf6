"""The size of the images that suits the objects in them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from fvcore.common.config import CfgNode

from resdet.data.anchors import boxes_at, sides_of
from resdet.structures.records import ImageRecord

SIDES = tuple(f"INPUT.{end}_SIZE_{use}" for use in ("TRAIN", "TEST") for end in ("MIN", "MAX"))
SMALL = 12.0  # pixels of a side, under which an object is hardly seen
ENOUGH = 17.0  # of which an object is learnt as well as if it had more
FEW = 0.1  # share of a class's objects that may be smaller
LARGEST, SMALLEST = 2.0, 0.7  # factors on the size of the images
STEP = 32  # pixels between sizes
SAVED = 4 / 3  # power of the side that an iteration's time falls with: 0.63 s at 320, 0.39 s at 224


def fitting_size(cfg: CfgNode, records: Sequence[ImageRecord], *, shrink: bool) -> int:
    """The shorter side at which few objects of any class are small, or, to `shrink`, all are large.

    Within reason, and never above the images' own. Unit: pixels.
    """
    size, longest = int(cfg.INPUT.MIN_SIZE_TEST), int(cfg.INPUT.MAX_SIZE_TEST)
    heights = [min(r.height, r.width) for r in records if min(r.height, r.width) > 0]
    boxes, labels = boxes_at(records, size, longest, difficult=cfg.DATASETS.USE_DIFFICULT)
    if not len(boxes) or not heights:
        return size
    sides = sides_of(boxes)
    small = min(float(np.quantile(sides[labels == label], FEW)) for label in np.unique(labels))
    larger = min(size * SMALL / small, size * LARGEST, float(np.median(heights)))
    if larger > size:
        return _stepped(larger)
    smaller = _stepped(max(size * ENOUGH / small, size * SMALLEST))
    return min(size, smaller) if shrink else size


def _stepped(size: float) -> int:
    return math.ceil(round(size / STEP, 6)) * STEP


def size_pairs(cfg: CfgNode, size: int) -> dict[str, Any]:
    """The keys that give images this shorter side, their shape as before."""
    before = cfg.INPUT.MIN_SIZE_TEST
    if size == before:
        return {}
    longest = round(cfg.INPUT.MAX_SIZE_TEST * size / before)
    return dict(zip(SIDES, ([size], longest, size, longest)))


def size_told(cfg: CfgNode, size: int, iterations: int) -> list[str]:
    """The line that tells of another size, and what it costs or leaves time for."""
    before, usual = cfg.INPUT.MIN_SIZE_TEST, cfg.SOLVER.MAX_ITER
    if size == before:
        return []
    line = f"images   shorter side {size} instead of {before} pixels"
    if size > before:
        longer = (size / before) ** 2
        return [f"{line}: small objects; an iteration takes about {longer:.1f} times as long"]
    line += ", enough for objects as large"
    if iterations > usual:
        line += f"; so {iterations} iterations instead of {usual}, in about the same time"
    return [f"{line} (--imgsz {before} undoes it)"]


def out_of_reach(cfg: CfgNode) -> list[str]:
    """A line for each shorter side that no image can have, as the longer one's limit is less."""
    shorter = {"TRAIN": min(cfg.INPUT.MIN_SIZE_TRAIN), "TEST": cfg.INPUT.MIN_SIZE_TEST}
    return [
        f"INPUT.MIN_SIZE_{use} {side} is never reached, INPUT.MAX_SIZE_{use} is {longest}; "
        f"--imgsz {side} sets both, in training and in tests"
        for use, side in shorter.items()
        if side > (longest := cfg.INPUT[f"MAX_SIZE_{use}"])
    ]


def in_the_time(factor: float) -> float:
    """How many times the iterations images smaller by `factor` leave time for; larger ones: 1."""
    return max(1 / factor, 1.0) ** SAVED
