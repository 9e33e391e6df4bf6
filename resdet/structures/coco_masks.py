"""The box around what COCO's form draws: polygons, or the runs of a mask."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from resdet.structures.coco_values import FAULTS, number


def box_around(segmentation: Any) -> list[float] | None:
    """x, y, width, height; None of what draws nothing, or cannot be read."""
    try:
        if isinstance(segmentation, Mapping):
            return _around_runs(segmentation["counts"], segmentation["size"])
        return _around_points(segmentation)
    except FAULTS:
        return None


def _around_points(polygons: Sequence[Any]) -> list[float] | None:
    """Of [x, y, x, y, ...], one or several."""
    flat = not any(isinstance(part, list) for part in polygons)
    parts = [polygons] if flat else polygons
    if not polygons or any(len(part) % 2 for part in parts):
        return None
    xs = [number(x) for part in parts for x in part[0::2]]
    ys = [number(y) for part in parts for y in part[1::2]]
    return [min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)]


def _around_runs(counts: Any, size: Sequence[int]) -> list[float] | None:
    """Runs of pixels outside and inside in turn, down the columns of (height, width)."""
    runs = _unpacked(counts) if isinstance(counts, str) else counts
    lengths, height = np.array(runs, np.int64), int(size[0])
    ends = np.cumsum(lengths)
    if (lengths < 0).any() or not len(ends) or ends[-1] > height * int(size[1]):
        return None
    first, last = ends[: len(ends) // 2 * 2 : 2], ends[1::2] - 1
    first, last = first[last >= first], last[last >= first]
    if not len(first):
        return None
    over = first // height != last // height  # a run that goes on in the next column
    top = 0 if over.any() else int((first % height).min())
    bottom = height - 1 if over.any() else int((last % height).max())
    left, right = int((first // height).min()), int((last // height).max())
    return [float(x) for x in (left, top, right - left + 1, bottom - top + 1)]


def _unpacked(text: str) -> list[int]:
    """The runs of a compressed mask.

    Source: pycocotools, `rleFrString`: five bits a letter from 48 on, the sixth goes on; from the
    fourth run on what is written is the difference to the run two before.
    """
    runs: list[int] = []
    value = shift = 0
    for letter in text:
        bits = ord(letter) - 48
        value |= (bits & 31) << shift
        shift += 5
        if bits & 32:
            continue
        if bits & 16:
            value -= 1 << shift
        runs.append(value + (runs[-2] if len(runs) > 2 else 0))
        value = shift = 0
    return runs
