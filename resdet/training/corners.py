"""How a run counted the corners of VOC's files, and of which data that holds."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from resdet import config
from resdet.checkpoints import checkpoint
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


def counted_by(file: Path, data: Path) -> str:
    """The way of a run, by its config.yaml or a detector's file, in the folder `data`.

    AUTO where it was of other data.
    Raises: FileNotFoundError; ValueError if the file is broken.
    """
    cfg = config.load(str(file)) if file.suffix == ".yaml" else checkpoint.load(file).cfg
    root = os.path.expanduser(cfg.DATASETS.ROOT)  # of strangers too: any text, of any user
    same = root and "\0" not in root and Path(root).resolve().is_relative_to(data.resolve())
    return str(cfg.DATASETS.VOC_CORNERS) if same else AUTO
