"""A check of data in a tool's own files, told at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from backbones.images.check_report import Kind, Report
from backbones.images.inspect import Progress, inspect_images
from resdet.data.annotated import (
    AROUND,
    WITHOUT_BOX,
    Annotated,
    Annotations,
    chosen_of,
    told_of_shapes,
    unknown_classes,
)
from resdet.data.check_boxes import (
    BROKEN,
    NOT_ANNOTATED,
    UNKNOWN_CLASS,
    WITHOUT_IMAGE,
    Item,
)
from resdet.data.check_splits import tell_splits
from resdet.data.found import Found
from resdet.data.validate import Faults, check_names

SHAPES = Kind("shapes", "note", AROUND)
NO_BOX = Kind("no box", "warning", WITHOUT_BOX, "draw boxes around what is to be found")


def check_annotated(
    opened: Callable[[Path], Annotations | None],
    found: Found,
    splits: Sequence[str],
    *,
    difficult: bool = False,
    full: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
) -> Report:
    """Everything that is wrong in `splits`, by default in all.

    `difficult`: whether such objects are trained on.
    Raises: ValueError if a split is not there; OSError if a process that decodes is killed.
    """
    started = time.monotonic()
    report = Report(str(found.root), found.form, "full" if full else "quick")
    data = opened(found.root)
    assert data is not None  # it was found there
    faults = Faults(str(found.root))
    chosen = {s: chosen_of(data, found.source(s), faults) for s in splits or found.splits}
    names = found.said or data.class_names
    check_names(names, "class names", faults)
    paths = list(dict.fromkeys(str(one.path) for images in chosen.values() for one in images))
    facts = dict(
        zip(
            paths,
            inspect_images(paths, full=full, workers=workers, progress=progress),
            strict=True,
        )
    )
    for split, images in chosen.items():
        report.images[split] = len(images)
        report.count_classes(split, names, [t.name for one in images for t in one.things])
    for fault in [*faults.found, *data.faults]:
        report.add(BROKEN, fault)
    every = list({one.path: one for images in chosen.values() for one in images}.values())
    for fault in unknown_classes(data, every, names):
        report.add(UNKNOWN_CLASS, fault)
    _tell_rest(report, data)
    items = {one.path: _item(one) for one in every}
    splits_of = {split: [items[one.path] for one in images] for split, images in chosen.items()}
    readers = [partial(found.load, split) for split in chosen]
    tell_splits(report, names, splits_of, facts, readers, difficult=difficult)
    report.seconds = time.monotonic() - started
    return report


def _tell_rest(report: Report, data: Annotations) -> None:
    if data.areas:
        report.add(SHAPES, told_of_shapes(data.areas))
    if data.passed:
        report.add(NO_BOX, told_of_shapes(data.passed))
    for file in data.alone:
        report.add(WITHOUT_IMAGE, str(file))
    for image in data.bare:
        report.add(NOT_ANNOTATED, str(image))


def _item(one: Annotated) -> Item:
    return Item(
        one.place,
        str(one.path),
        one.size,
        [thing.name for thing in one.things],
        one.boxes,
        difficult=one.difficult,
        angles=[thing.angle for thing in one.things],
    )
