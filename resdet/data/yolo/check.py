"""A check of YOLO text labels, told at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from backbones.images.check_report import Kind, Report
from backbones.images.folders import unread
from backbones.images.inspect import ImageFacts, Progress, inspect_images
from resdet.data.check_boxes import BROKEN, WITHOUT_IMAGE, Item
from resdet.data.check_splits import tell_splits
from resdet.data.found import Found
from resdet.data.validate import Faults, check_names
from resdet.data.yolo.folder import YoloFolder, labels_alone
from resdet.data.yolo.reader import (
    hint_of,
    load_yolo,
    open_splits,
    read_labels,
    scaled,
)

POLYGONS = Kind("polygons", "note", "objects drawn as polygons", "the boxes around them are taken")
UNLABELLED = Kind(
    "no label file", "note", "images without a label file", "they are trained on as background"
)


def check_yolo(
    root: Path,
    splits: Sequence[str] = (),
    *,
    class_names: Sequence[str] = (),
    difficult: bool = False,
    full: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
) -> Report:
    """Everything that is wrong in `root`; `splits` by default all.

    `difficult`: whether such objects are trained on, of which YOLO has none.
    Raises: ValueError if a split is not there; OSError if a process that decodes is killed.
    """
    started = time.monotonic()
    report = Report(str(root), "YOLO", "full" if full else "quick")
    folder, names, listed, faults = open_splits(root, splits, class_names)
    check_names(names, "class names", faults)
    images = list(dict.fromkeys(str(path) for paths in listed.values() for path in paths))
    seen = inspect_images(images, full=full, workers=workers, progress=progress)
    facts = dict(zip(images, seen, strict=True))
    items = {path: _item(path, names, folder, facts[path], report, faults) for path in images}
    for split, paths in listed.items():
        report.images[split] = len(paths)
        report.count_classes(split, names, [n for p in paths for n in items[str(p)].names])
    for fault in faults.found:
        report.add(BROKEN, fault)
    places = {folder.label_of(Path(path)).parent: Path(path).parent for path in images}
    for label in labels_alone(folder):
        place = places.get(label.parent, label.parent)
        report.add(WITHOUT_IMAGE, f"{label}{unread(place, label.stem)}")
    own = {split: [items[str(path)] for path in paths] for split, paths in listed.items()}
    readers = [partial(load_yolo, root, split, class_names=class_names) for split in listed]
    tell_splits(report, names, own, facts, readers, difficult=difficult)
    report.seconds = time.monotonic() - started
    return report


def check(found: Found, splits: Sequence[str], **common: Any) -> Report:
    """As `check_yolo`, of data that was found."""
    for split in splits:
        found.source(split)
    return check_yolo(found.root, splits, class_names=found.said, **common)


def _item(
    path: str,
    names: Sequence[str],
    folder: YoloFolder,
    fact: ImageFacts,
    report: Report,
    faults: Faults,
) -> Item:
    label = folder.label_of(Path(path))
    rows: list[list[float]] = []
    if label.is_file():
        hint = hint_of(folder, names)
        rows, polygons = read_labels(label, len(names), folder.keypoints, faults, hint)
        if polygons:
            report.add(POLYGONS, f"{label}: {polygons}")
    else:
        report.add(UNLABELLED, path)
    height, width = fact.size or (1, 1)
    truth = scaled(rows, height, width)
    own = [names[number] for number in truth.labels.tolist()]
    return Item(str(label), path, fact.size, own, truth.boxes, labelled=label.is_file())
