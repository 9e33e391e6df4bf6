"""Class names and the labels that follow them, checked in one way for every source."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from backbones.terminal.wording import shorten


def follow_names(
    labels: NDArray[np.int64], found: Sequence[str], class_names: tuple[str, ...], place: str
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    """Labels into `found` -> names and labels into `class_names`, by default `found` itself.

    Raises: ValueError that lists every class of `found` that has no images or that `class_names`
    lacks.
    """
    names = class_names or tuple(found)
    foreign = sorted(set(found) - set(names))
    counts = np.bincount(labels, minlength=len(found))
    empty = [name for name, count in zip(found, counts, strict=True) if not count]
    faults = []
    if foreign:
        faults.append(f"classes of {place} must be among {shorten(names)}, got also {foreign}")
    if empty:
        faults.append(f"each class of {place} must hold images, got none in {empty}")
    if faults:
        raise ValueError("; ".join(faults))
    position = {name: label for label, name in enumerate(names)}
    return names, np.array([position[name] for name in found], np.int64)[labels]
