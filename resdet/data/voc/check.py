"""A check of a VOC folder: every split, annotation and image of it, told at once."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from backbones.images.check_kinds import MISSING, tell_classes, tell_copies, tell_images
from backbones.images.check_report import Kind, Report
from backbones.images.folders import unread
from backbones.images.inspect import ImageFacts, Progress, inspect_images
from backbones.terminal.wording import nearest_first
from resdet.data.check_boxes import (
    BROKEN,
    NOT_ANNOTATED,
    SAME_NAME,
    TWICE,
    UNANNOTATED,
    UNKNOWN_CLASS,
    UNLISTED,
    WITHOUT_IMAGE,
    Item,
    tell_boxes,
    tell_readers,
)
from resdet.data.check_taking_part import tell_taking_part
from resdet.data.found import Found
from resdet.data.splits import ALL
from resdet.data.validate import Faults, check_names
from resdet.data.voc.background import is_labelled, without_objects
from resdet.data.voc.cache import read_annotations
from resdet.data.voc.classes import known_classes
from resdet.data.voc.corners import corners_of
from resdet.data.voc.halves import made_half
from resdet.data.voc.layout import VocLayout, voc_layout
from resdet.data.voc.pairing import without_image
from resdet.data.voc.reader import load_voc
from resdet.data.voc.xml import Annotation
from resdet.structures import boxes as box
from resdet.structures.corners import Corners

LEFT_OUT_BY_TOOL = Kind(
    "annotation left out",
    "note",
    "listed images without an annotation, as CVAT and datumaro leave those without objects",
    "they are trained on as background; --fix writes one",
)


@dataclass
class VocFolder:
    """A VOC folder as it lies there, faults and all; stems in the order of their lists."""

    root: Path
    layout: VocLayout
    splits: dict[str, list[str]] = field(default_factory=dict)
    images: dict[str, Path] = field(default_factory=dict)
    annotations: dict[str, Annotation] = field(default_factory=dict)
    written: set[str] = field(default_factory=set)  # annotations that are there, broken or not
    empty: set[str] = field(default_factory=set)  # see `without_objects`
    class_names: tuple[str, ...] = ()
    corners: Corners = field(init=False)

    @property
    def stems(self) -> list[str]:
        """Of all splits, each once."""
        return list(dict.fromkeys(stem for listed in self.splits.values() for stem in listed))


def check_voc(
    root: Path,
    splits: Sequence[str] = (),
    *,
    class_names: Sequence[str] = (),
    corners: Corners | None = None,
    difficult: bool = False,
    full: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
) -> Report:
    """Everything that is wrong in `root`; `splits` by default all lists but those of one class.

    `corners` by default are judged by the files. `difficult`: whether such objects are trained on.

    Raises: ValueError if a split is not there; OSError if a process that decodes is killed.
    """
    started = time.monotonic()
    report = Report(str(root), "VOC", "full" if full else "quick")
    folder = read_folder(root, splits, report, class_names, corners)
    report.remarks.append(f"corners: {folder.corners}")
    paths = [str(folder.images[stem]) for stem in folder.stems if stem in folder.images]
    seen = inspect_images(paths, full=full, workers=workers, progress=progress)
    facts = dict(zip(paths, seen, strict=True))
    _tell_lists(report, folder, facts)
    items = {s: item_of(folder, s) for s in folder.stems if s in folder.annotations}
    tell_images(report, facts)
    tell_boxes(report, list(items.values()), facts, "voc")
    listed = {
        split: [items[s] for s in stems if s in items] for split, stems in folder.splits.items()
    }
    tell_taking_part(report, listed, facts, difficult=difficult)
    load = partial(load_voc, root, class_names=class_names, corners=folder.corners.way)
    tell_readers(report, [partial(load, split) for split in folder.splits])
    report.seconds = time.monotonic() - started
    return report


def check(found: Found, splits: Sequence[str], **common: Any) -> Report:
    """As `check_voc`, of data that was found."""
    return check_voc(found.root, splits, class_names=found.said, corners=found.corners, **common)


def read_folder(
    root: Path,
    splits: Sequence[str],
    report: Report,
    class_names: Sequence[str] = (),
    corners: Corners | None = None,
) -> VocFolder:
    """What lies in `root`, its faults told to `report`.

    Raises: ValueError if a split is not there.
    """
    layout = voc_layout(root)
    folder = VocFolder(root, layout)
    folder.images, folder.written = layout.pictures(), layout.written()
    paired = folder.images.keys() & folder.written
    there = layout.splits()
    known = {*there, ALL, *(half for half in splits if made_half(layout, half))}
    absent = [split for split in splits if layout.listing(split) is None and split not in known]
    if absent or not (there or (paired and not layout.lists[-1].is_dir())):
        raise ValueError(
            f"{layout.lists[-1]} must hold the split "
            f"{', '.join(absent) or 'train, val or test'}.txt, got {', '.join(there) or 'no list'}"
        )
    for split in splits or there or [ALL]:
        file = layout.listing(split)
        chosen = layout.select(split, paired) or made_half(layout, split) or []
        folder.splits[split] = chosen if file is None else _listed(file, folder, report)
    faults = Faults(str(root))
    annotated = [stem for stem in folder.stems if stem in folder.written]
    folder.annotations = read_annotations(layout, annotated, faults)
    for split, stems in folder.splits.items():
        if is_labelled(split, stems, folder.written):
            folder.empty |= {*without_objects(layout, stems, folder.annotations)}
    folder.annotations |= {stem: Annotation([], [], [], None) for stem in folder.empty}
    folder.class_names = tuple(class_names) or known_classes(layout, folder.annotations)
    folder.corners = corners or corners_of(layout, folder.annotations)
    check_names(folder.class_names, "class names", faults)
    for fault in faults.found:
        report.add(BROKEN, fault)
    _tell_names(folder, report)
    return folder


def _tell_names(folder: VocFolder, report: Report) -> None:
    """Files that no split takes, and those that have lost their other half."""
    listed, layout = set(folder.stems), folder.layout
    unlisted = {stem: path for stem, path in layout.annotated.items() if stem not in listed}
    for path in without_image(unlisted, folder.images):
        report.add(WITHOUT_IMAGE, str(path))
    for stem in sorted(unlisted.keys() & folder.images.keys()):
        report.add(UNLISTED, f"{stem}.xml")
    chosen = UNLISTED if any(map(layout.listing, folder.splits)) else NOT_ANNOTATED
    for stem in sorted(folder.images.keys() - listed - folder.written):
        report.add(chosen, str(folder.images[stem]))
    read = {path.with_suffix(""): path.name for path in folder.images.values()}
    for path in layout.second_images():
        report.add(SAME_NAME, f"{path}, beside {read[path.with_suffix('')]}")


def item_of(folder: VocFolder, stem: str) -> Item:
    """One annotation as the check of boxes takes it."""
    one = folder.annotations[stem]
    path = str(folder.images[stem]) if stem in folder.images else ""
    corners = np.array(one.corners, np.float64).reshape(-1, 4)
    way = folder.corners.of(one.writer)
    return Item(
        f"{stem}.xml",
        path,
        one.size,
        one.names,
        box.from_voc(corners, way),
        difficult=one.difficult,
        corners=way,
        angles=one.angles,
    )


def _listed(path: Path, folder: VocFolder, report: Report) -> list[str]:
    known = folder.images.keys() | folder.written
    stems: dict[str, None] = {}
    try:
        lines = folder.layout.lines(path)
    except ValueError as fault:
        report.add(BROKEN, str(fault))
        return []
    for text, stem in lines:
        if stem is not None and stem in stems:
            report.add(TWICE, f"{path.name}: {stem}")
        if stem in known:
            stems[stem] = None
        if stem not in folder.images:
            name = stem or text
            there = unread(folder.layout.images, name)
            report.add(MISSING, f"{path.name}: {folder.layout.images / name}.jpg{there}")
    if not stems:
        report.add(BROKEN, f"{path} must list at least one image")
    return list(stems)


def _tell_lists(report: Report, folder: VocFolder, facts: dict[str, ImageFacts]) -> None:
    """Classes, images without annotation, and what splits share."""
    known = folder.class_names
    found = {name for one in folder.annotations.values() for name in one.names}
    parsed = folder.annotations
    missing: dict[str, None] = {}
    for split, stems in folder.splits.items():
        report.images[split] = len(stems)
        labelled = is_labelled(split, stems, parsed)
        objects = [name for s in stems if s in parsed for name in parsed[s].names]
        if labelled:
            report.count_classes(split, known or sorted(found), objects)
            missing |= dict.fromkeys(stem for stem in stems if stem not in folder.written)
    for stem in missing:
        kind = LEFT_OUT_BY_TOOL if stem in folder.empty else UNANNOTATED
        report.add(kind, folder.layout.xml(stem))
    tell_classes(report, known or sorted(found))
    for stem, one in parsed.items():
        for name in one.names:
            if not name:
                report.add(UNKNOWN_CLASS, f"{stem}.xml: an object without a name")
            elif known and name not in known:
                near = ", ".join(nearest_first(name, known)[:3])
                report.add(UNKNOWN_CLASS, f"{stem}.xml: {name!r}; known: {near}, ...")
    listed = {
        split: [str(folder.images[stem]) for stem in stems if stem in folder.images]
        for split, stems in folder.splits.items()
    }
    tell_copies(report, listed, facts)
