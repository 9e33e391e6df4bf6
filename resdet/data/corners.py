"""How several datasets count the corners of VOC's files."""

from __future__ import annotations

from collections.abc import Sequence

from resdet.structures.corners import AUTO
from resdet.structures.records import Dataset


def way_of(datasets: Sequence[Dataset]) -> str:
    """In which all of VOC's form among them are counted; AUTO where they differ."""
    ways = {dataset.corners.way for dataset in datasets if dataset.corners is not None}
    return ways.pop() if len(ways) == 1 else AUTO


def told_of_corners(datasets: Sequence[Dataset]) -> list[str]:
    """A line for all datasets of VOC's form, or for those that are counted alike."""
    alike: dict[str, list[str]] = {}
    for dataset in datasets:
        if dataset.corners is not None:
            alike.setdefault(str(dataset.corners), []).append(dataset.name)
    if len(alike) == 1:
        return [f"corners: {told}" for told in alike]
    return [f"corners of {', '.join(names)}: {told}" for told, names in alike.items()]
