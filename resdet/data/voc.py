"""PASCAL VOC folders, the official ones and everybody's own."""

from __future__ import annotations

import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from resdet import boxes as box
from resdet.data.image import image_size, images_by_stem
from resdet.data.validate import Faults, is_pixels, nearest_first, text_lines, warn_thin
from resdet.structures import Dataset, GroundTruth, ImageRecord

VOC_CLASSES = (
    *("aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa"),
    *("train", "tvmonitor"),
)

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


@dataclass
class _Annotation:
    """One XML file, its corners as written."""

    names: list[str]
    corners: list[list[float]]
    difficult: list[bool]
    size: tuple[int, int] | None  # height, width


def load_voc(root: Path, split: str, *, class_names: Sequence[str] = (), name: str = "") -> Dataset:
    """The images of `root/ImageSets/Main/<split>.txt`, in its order.

    Class names, unless given, are the lines of `classes.txt` in the root, VOC's twenty in a folder
    called VOC<year>, or else the sorted names of all annotations. A `test` split without any
    annotation is taken as unlabelled, as VOC 2012's is.

    Raises: ValueError listing every fault: missing files, malformed XML, unknown classes.
    """
    root = Path(root)
    faults = Faults(f"VOC data {root}, split {split!r}")
    stems, images = _listed(root, split, faults)
    labelled = split != "test" or any(_annotation_file(root, stem).exists() for stem in stems)
    parsed = {s: _read(_annotation_file(root, s), faults) for s in stems} if labelled else {}
    classes = tuple(class_names) or _class_names(root, parsed, faults)
    records: list[ImageRecord] = []
    thin: list[str] = []
    for stem in stems:
        annotation = parsed.get(stem)
        if labelled and annotation is None:
            continue  # its fault is told
        truth = None
        if annotation is not None:
            truth = _ground_truth(stem, annotation, classes, faults, thin)
        height, width = (annotation and annotation.size) or _size(images[stem], faults)
        records.append(ImageRecord(stem, images[stem], height, width, truth))
    faults.raise_any()
    warn_thin(f"{root}, split {split!r}", thin)
    return Dataset(
        name or f"voc:{root}:{split}",
        "voc",
        classes,
        tuple(records),
        root,
        split=split,
        metric=voc_metric(root),
    )


def voc_metric(root: Path) -> Literal["11point", "area"]:
    """11-point up to VOC2007, area for later years and for folders that name no year.

    Source: VOC2007 devkit section 3.4.1; VOC2010 devkit section 3.4.1.
    """
    year = _year(root)
    return "11point" if year is not None and year <= 2007 else "area"


def _year(root: Path) -> int | None:
    match = re.fullmatch(r"VOC(\d{4})", root.resolve().name, re.IGNORECASE)
    return int(match[1]) if match else None


def _annotation_file(root: Path, stem: str) -> Path:
    return root / "Annotations" / f"{stem}.xml"


def _listed(root: Path, split: str, faults: Faults) -> tuple[list[str], dict[str, Path]]:
    """The stems of the split that have an image; only names seen in JPEGImages are ever opened."""
    listing, folder = root / "ImageSets" / "Main" / f"{split}.txt", root / "JPEGImages"
    if not listing.is_file():
        there = ", ".join(sorted(p.stem for p in listing.parent.glob("*.txt"))) or "none"
        faults.add(f"{listing} must be a file, got none; splits there: {there}")
    if not folder.is_dir():
        faults.add(f"{folder} must be a folder of images, got none; check the data root")
    faults.raise_any()
    images = images_by_stem(folder)
    stems: dict[str, None] = {}  # ordered; a line listed twice counts once
    for line in text_lines(listing):
        stem = line if line in images else line.split()[0]
        if stem in images:
            stems[stem] = None
        else:
            faults.add(
                f"{listing} must list images of {folder}, got {stem!r}; "
                "add the image or drop the line"
            )
    if not stems and not faults.found:
        faults.add(f"{listing} must list at least one image, got an empty file")
    return list(stems), images


class _NoDoctype(ET.TreeBuilder):
    """Refuses document types, and with them entities: an annotation needs neither."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise ValueError("a DOCTYPE")


def _read(path: Path, faults: Faults) -> _Annotation | None:
    try:
        root = ET.parse(path, ET.XMLParser(target=_NoDoctype())).getroot()
    except FileNotFoundError:
        faults.add(f"{path} must be the annotation of a listed image, got no file; add it")
        return None
    except (ET.ParseError, ValueError, LookupError) as error:
        faults.add(f"{path} must be plain XML, got {error}; repair the file")
        return None
    annotation = _Annotation([], [], [], _written_size(root, path, faults))
    for number, thing in enumerate(root.findall("object"), start=1):
        corners = [_number(thing.findtext(f"bndbox/{corner}")) for corner in _CORNERS]
        if not all(map(is_pixels, corners)):
            written = [thing.findtext(f"bndbox/{corner}") for corner in _CORNERS]
            faults.add(
                f"{path}, object {number}: bndbox must be four numbers xmin ymin xmax ymax, "
                f"got {written}; repair or remove it"
            )
            continue
        annotation.names.append((thing.findtext("name") or "").strip())
        annotation.corners.append(corners)
        annotation.difficult.append(_flag(thing.findtext("difficult")))
    return annotation


def _number(text: str | None) -> float:
    try:
        return float(text or "nan")
    except ValueError:
        return math.nan


def _flag(text: str | None) -> bool:
    return (text or "").strip().lower() in {"1", "true", "yes"}


def _written_size(root: ET.Element, path: Path, faults: Faults) -> tuple[int, int] | None:
    """(height, width) of <size>; None where it is missing or zero, as some tools write it."""
    height, width = (_number(root.findtext(f"size/{side}")) for side in ("height", "width"))
    if not (height >= 1 and width >= 1):
        return None
    if not (is_pixels(height) and is_pixels(width)):
        faults.add(f"{path}: size must be in pixels, got {width} x {height}; repair or remove it")
        return None
    return int(height), int(width)


def _size(path: Path, faults: Faults) -> tuple[int, int]:
    try:
        return image_size(path)
    except ValueError as error:
        faults.add(str(error))
        return (0, 0)


def _class_names(
    root: Path, parsed: dict[str, _Annotation | None], faults: Faults
) -> tuple[str, ...]:
    listed = root / "classes.txt"
    if listed.is_file():
        return tuple(text_lines(listed))
    if _year(root) is not None:
        return VOC_CLASSES
    every = (
        parsed[path.stem] if path.stem in parsed else _read(path, faults)
        for path in sorted((root / "Annotations").glob("*.xml"))
    )
    return tuple(sorted({name for annotation in every if annotation for name in annotation.names}))


def _ground_truth(
    stem: str, annotation: _Annotation, classes: Sequence[str], faults: Faults, thin: list[str]
) -> GroundTruth | None:
    corners = np.array(annotation.corners, np.float32).reshape(-1, 4)
    boxes = box.from_voc(corners)
    for at in np.flatnonzero(box.too_thin(boxes)):
        thin.append(f"{stem}.xml: {annotation.names[at]} {corners[at].tolist()}")
    unknown = [name for name in annotation.names if name not in classes]
    for name in unknown:
        known = ", ".join(nearest_first(name, classes))
        faults.add(f"{stem}.xml: class must be one of {known}, got {name!r}; rename it or list it")
    if unknown:
        return None
    labels = [classes.index(name) for name in annotation.names]
    return GroundTruth(boxes, np.array(labels), np.array(annotation.difficult, bool))
