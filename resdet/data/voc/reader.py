"""PASCAL VOC folders, the official ones and everybody's own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from backbones.files.json_file import gc_paused
from backbones.images.decoding import image_size
from backbones.images.folders import unread
from backbones.terminal.wording import nearest_first
from resdet.data.turned import warn_turned
from resdet.data.validate import Faults, check_names, warn_thin
from resdet.data.voc.background import is_labelled, told_of, without_objects
from resdet.data.voc.cache import read_annotations
from resdet.data.voc.classes import all_classes, year_of
from resdet.data.voc.corners import corners_of
from resdet.data.voc.halves import made_half
from resdet.data.voc.layout import VocLayout, voc_layout
from resdet.data.voc.xml import Annotation
from resdet.structures import boxes as box
from resdet.structures.corners import AUTO, SAID, Corners
from resdet.structures.records import Dataset, GroundTruth, ImageRecord


@gc_paused()
def load_voc(
    root: Path,
    split: str,
    *,
    class_names: Sequence[str] = (),
    name: str = "",
    images: bool = True,
    listing: Path | None = None,
    corners: str = AUTO,
) -> Dataset:
    """The images of `root/ImageSets/Main/<split>.txt`, in its order; see `voc_layout` for others.

    Class names, unless given, are those of `all_classes`. A `test` split without any
    annotation is taken as unlabelled, as VOC 2012's is. `images=False`: to score, annotations
    will do; a size that neither they nor a picture tell is 0 x 0. `listing`: the list itself.
    `corners`: how they are counted, see `corners_of`.

    Raises: ValueError listing every fault: missing files, malformed XML, unknown classes.
    """
    root = Path(root)
    faults = Faults(f"VOC data {root}, split {split!r}")
    layout = voc_layout(root)
    there, written = layout.pictures(), layout.written()
    listed = _listed(layout, split, listing, set(there), written, images, faults)
    labelled = is_labelled(split, listed, written)
    parsed, empty = _annotations(layout, listed if labelled else [], faults)
    classes = tuple(class_names) or all_classes(layout, parsed)
    check_names(classes, "class names", faults)
    thin: list[str] = []
    judged = corners_of(layout, parsed)
    if corners != AUTO:
        judged = judged.overruled(corners, SAID)
    here = {stem: parsed[stem] for stem in listed if stem in parsed}
    truths = _ground_truths(here, judged, classes, faults, thin)
    records: list[ImageRecord] = []
    for stem in listed:
        if labelled and stem not in parsed:
            continue  # its fault is told
        path = there.get(stem) or layout.images / f"{stem}.jpg"
        size = parsed[stem].size if stem in parsed else None
        if size is None:
            size = _measured(path, faults) if images or stem in there else (0, 0)
        height, width = size
        records.append(ImageRecord(stem, path, height, width, truths.get(stem)))
    faults.raise_any()
    warn_thin(f"{root}, split {split!r}", thin)
    warn_turned(f"{root}, split {split!r}", [a for one in here.values() for a in one.angles])
    lost = layout.left_out() + told_of(layout, empty) if images else []
    dataset = Dataset(
        name or f"voc:{root}:{split}",
        "voc",
        classes,
        tuple(records),
        root,
        split=split,
        metric=voc_metric(root),
        remarks=tuple(f"{root}: {line}" for line in lost),
        corners=judged,
    )
    return layout.tree.judged(dataset) if layout.tree else dataset


def _annotations(
    layout: VocLayout, stems: Sequence[str], faults: Faults
) -> tuple[dict[str, Annotation], list[str]]:
    """(those of `stems`, the images that have none because they show no object)."""
    parsed = read_annotations(layout, [stem for stem in stems if stem in layout.annotated], faults)
    empty = without_objects(layout, stems, parsed)
    parsed |= {stem: Annotation([], [], [], None) for stem in empty}
    absent = [stem for stem in stems if stem not in layout.annotated and stem not in parsed]
    read_annotations(layout, absent, faults)  # each is a fault
    return parsed, empty


def voc_metric(root: Path) -> Literal["11point", "area"]:
    """11-point up to VOC2007, area for later years and for folders that name no year.

    Source: VOC2007 devkit section 3.4.1; VOC2010 devkit section 3.4.1.
    """
    year = year_of(root)
    return "11point" if year is not None and year <= 2007 else "area"


def _listed(
    layout: VocLayout,
    split: str,
    listing: Path | None,
    there: set[str],
    written: set[str],
    images: bool,
    faults: Faults,
) -> list[str]:
    """The stems of the split; only names seen in the folders are ever opened."""
    listing = listing or layout.listing(split)
    if images and not layout.images.is_dir():
        faults.add(f"{layout.images} must be a folder of images, got none; check the data root")
    chosen = None if listing else layout.select(split, there & written)
    chosen = chosen or made_half(layout, split)
    if not (listing or chosen or images):
        chosen = layout.select(split, written)
    if chosen and not faults.found:
        return chosen
    listing = listing or layout.lists[-1] / f"{split}.txt"
    if not listing.is_file():
        known = ", ".join(layout.splits()) or "none"
        faults.add(f"{listing} must be a file, got none; splits there: {known}")
    faults.raise_any()
    seen = there if images else written | there
    what = f"images of {layout.images}"
    if not images:
        what = f"images or annotations of {layout.root}"
    stems: dict[str, None] = {}  # ordered; a line listed twice counts once
    for text, stem in layout.lines(listing):
        if stem in seen:
            stems[stem] = None
        else:
            there_is = unread(layout.images, text)
            way = f"{there_is}: save it as JPEG or PNG" if there_is else "; add the image"
            faults.add(f"{listing} must list {what}, got {text!r}{way} or drop the line")
    if not stems and not faults.found:
        faults.add(f"{listing} must list at least one image, got an empty file")
    return list(stems)


def _shown(names: Sequence[str]) -> str:
    """The first, and how many more."""
    return names[0] + (f" and {len(names) - 1} more" if len(names) > 1 else "")


def _measured(path: Path, faults: Faults) -> tuple[int, int]:
    try:
        return image_size(path)
    except ValueError as error:
        faults.add(str(error))
        return (0, 0)


def _ground_truths(
    annotations: Mapping[str, Annotation],
    judged: Corners,
    classes: Sequence[str],
    faults: Faults,
    thin: list[str],
) -> dict[str, GroundTruth]:
    """The objects of every image; thin boxes are listed, objects of no known class are faults."""
    numbers = {name: classes.index(name) for name in classes}
    rows = [row for one in annotations.values() for row in one.corners]
    corners = np.array(rows, np.float64).reshape(-1, 4)
    boxes = _boxes(annotations.values(), corners, judged)
    is_thin = box.too_thin(boxes)
    truths: dict[str, GroundTruth] = {}
    unknown: dict[str, list[str]] = {}
    end = 0
    for stem, one in annotations.items():
        start, end = end, end + len(one.names)
        others = dict.fromkeys(name for name in one.names if name not in numbers)
        for name in others:
            unknown.setdefault(name, []).append(f"{stem}.xml")
        if others:
            continue
        for at in np.flatnonzero(is_thin[start:end]):
            thin.append(f"{stem}.xml: {one.names[at]} {corners[start + at].tolist()}")
        labels = np.array([numbers[name] for name in one.names], np.int64)
        truths[stem] = GroundTruth(boxes[start:end], labels, np.array(one.difficult, bool))
    for name, files in unknown.items():
        near = ", ".join(nearest_first(name, classes))
        faults.add(
            f"{_shown(files)}: class must be one of {near}, got {name!r}; rename it or list it, "
            "in classes.txt or by --classes"
        )
    return truths


def _boxes(
    annotations: Collection[Annotation], corners: box.FloatArray, judged: Corners
) -> box.FloatArray:
    """Of all together, those of each file as its writer counts."""
    if judged.way != AUTO:
        return box.from_voc(corners, judged.way)
    parts = np.split(corners, np.cumsum([len(one.corners) for one in annotations])[:-1])
    ways = [judged.of(one.writer) for one in annotations]
    return np.concatenate([box.from_voc(part, way) for part, way in zip(parts, ways, strict=True)])
