"""A check of COCO-form JSON files with their folders of images, told at once."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from backbones.files.json_file import repeated_keys
from backbones.images.check_kinds import MISSING
from backbones.images.check_report import Kind, Report
from backbones.images.folders import is_image
from backbones.images.inspect import Progress, inspect_images
from resdet.data.check_boxes import (
    BROKEN,
    TWICE,
    UNKNOWN_CLASS,
    UNLISTED,
    Item,
)
from resdet.data.check_splits import tell_splits
from resdet.data.coco.pictures import find_pictures, size_of
from resdet.data.coco.reader import (
    IDS_DIFFER,
    angle_of_entry,
    by_id,
    class_names,
    fault_of,
    is_crowd,
    is_difficult,
    load_coco,
    numbered,
    read_content,
)
from resdet.data.found import Found
from resdet.data.validate import Faults
from resdet.structures import boxes as box
from resdet.structures.coco_form import ABOVE, AS_TEXT, DRAWN, REPEATED
from resdet.structures.records import ImageId

REPEATED_ID = Kind(
    "repeated id", "error", "ids of images or categories that are there twice", "renumber them"
)
REPEATED_ANNOTATION_ID = Kind(
    "repeated annotation id",
    "warning",
    "ids of annotations that are there twice",
    "pycocotools keeps one of them; --fix renumbers",
)


ZERO_ID = Kind(
    "annotation id 0",
    "warning",
    "annotations with the id 0",
    "pycocotools takes them for missed even where they are found; --fix renumbers",
)
NO_ID = Kind(
    "no annotation id",
    "warning",
    "annotations without an id that is a number",
    "pycocotools needs one; --fix numbers them",
)
TEXT_ID = Kind(
    "text id", "note", "image ids that are no numbers", "some readers need them; --fix numbers them"
)
NO_SIZE = Kind("no size", "note", "images of which no size is told", "the image's own is taken")
MADE_PLAIN = {
    AS_TEXT: Kind(
        "as text", "warning", AS_TEXT, "pycocotools takes them as they are; --fix writes numbers"
    ),
    DRAWN: Kind("drawn", "note", DRAWN, "the boxes around them are taken; --fix writes them"),
    REPEATED: Kind("repeated entry", "warning", REPEATED, "one is taken; --fix drops the others"),
    ABOVE: Kind("unnamed category", "warning", ABOVE, "--fix writes names"),
}
REPEATED_KEY = Kind(
    "repeated key",
    "warning",
    "keys that one object of the JSON holds twice",
    "readers take the last; drop the other",
)


@dataclass(frozen=True)
class CocoFile:
    """One JSON as it lies there: `paths` of the images that are sound, `objects` by image id."""

    file: Path
    content: dict[str, Any]
    categories: dict[ImageId, dict[str, Any]]
    images: dict[ImageId, dict[str, Any]]
    paths: dict[ImageId, str]
    objects: dict[ImageId, list[dict[str, Any]]]

    def item(self, image_id: ImageId) -> Item:
        """One image as the check of boxes takes it."""
        image, objects = self.images[image_id], self.objects.get(image_id, [])
        boxes = np.array([entry["bbox"] for entry in objects], np.float64).reshape(-1, 4)
        names = [str(self.categories[entry["category_id"]]["name"]) for entry in objects]
        return Item(
            f"{self.file.name}, image {image_id}",
            self.paths.get(image_id, ""),
            size_of(image, Faults("")),  # told where the file was read
            names,
            box.from_xywh(boxes),
            labelled="annotations" in self.content,
            difficult=[is_difficult(entry) for entry in objects],
            crowd=[is_crowd(entry) for entry in objects],
            angles=[angle_of_entry(entry) for entry in objects],
        )


def check_coco(
    pairs: Sequence[tuple[Path, Path]],
    *,
    difficult: bool = False,
    full: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
) -> Report:
    """Everything that is wrong in the JSON files, each with its folder of images.

    `difficult`: whether such objects are trained on.
    Raises: OSError if a process that decodes is killed.
    """
    started = time.monotonic()
    subject = _subject([file for file, _ in pairs])
    report = Report(subject, "COCO", "full" if full else "quick")
    files = []
    for file, folder in pairs:
        faults = Faults(f"COCO data {file}")
        try:
            files.append(read_file(file, folder, report, faults))
        except ValueError:
            for fault in faults.found:
                report.add(BROKEN, fault)
    splits = _splits([one.file for one in files])
    paths = list(dict.fromkeys(path for one in files for path in one.paths.values()))
    _tell_unlisted([folder for _, folder in pairs if folder.is_dir()], paths, report)
    seen = inspect_images(paths, full=full, workers=workers, progress=progress)
    facts = dict(zip(paths, seen, strict=True))
    every = list(dict.fromkeys(str(c["name"]) for one in files for c in one.categories.values()))
    for split, one in zip(splits, files):
        report.images[split] = len(one.images)
        if "annotations" in one.content:
            report.count_classes(split, every, _names(one))
    items = {split: [one.item(i) for i in one.images] for split, one in zip(splits, files)}
    readers = [partial(load_coco, file, folder) for file, folder in pairs]
    tell_splits(report, every, items, facts, readers, difficult=difficult)
    report.seconds = time.monotonic() - started
    return report


def _tell_unlisted(folders: Sequence[Path], paths: Sequence[str], report: Report) -> None:
    """The images of folders that several files may share, which none of them lists."""
    listed = {*paths}
    for folder in dict.fromkeys(folders):
        images = (str(folder / name) for name in sorted(os.listdir(folder)) if is_image(name))
        for image in images:
            if image not in listed:
                report.add(UNLISTED, image)


def check(found: Found, splits: Sequence[str], **common: Any) -> Report:
    """As `check_coco`, of data that was found."""
    return check_coco(pairs_of(found, splits), **common)


def pairs_of(found: Found, splits: Sequence[str]) -> list[tuple[Path, Path]]:
    """Each JSON of the splits with its folder of images, once.

    Raises: ValueError if a split is not there.
    """
    sources = [found.source(split) for split in splits or found.splits]
    return list(dict.fromkeys((s.place, s.images) for s in sources if s.images is not None))


def read_file(file: Path, folder: Path, report: Report, unread: Faults) -> CocoFile:
    """What one JSON holds, its faults told to `report`; entries with a fault are left out.

    Raises: ValueError with what is added to `unread` if it is no JSON with images and categories,
        or the folder is not there.
    """
    plain = read_content(file, folder, unread)
    content = plain.content
    for key in repeated_keys(file):
        report.add(REPEATED_KEY, f"{file.name}: {key!r:.80}")
    for what, cases in plain.told.items():
        for case in cases:
            report.add(MADE_PLAIN[what], f"{file.name}: {case}")
    faults = Faults(str(file))
    categories = by_id(content["categories"], "category", ("name",), faults)
    images = by_id(content["images"], "image", ("file_name",), faults)
    class_names(numbered(categories, faults), faults)
    for image_id, image in images.items():
        if isinstance(image_id, str):
            report.add(TEXT_ID, f"{file.name}: {image_id!r}")
        told = len(faults.found)
        if size_of(image, faults) is None and len(faults.found) == told:
            report.add(NO_SIZE, f"{file.name}, image {image_id}")
    for fault in faults.found:
        report.add(REPEATED_ID if IDS_DIFFER in fault else BROKEN, f"{file.name}: {fault}")
    paths = _paths(file, images, folder, report)
    objects = _objects(file, content, categories, images, report)
    return CocoFile(file, content, categories, images, paths, objects)


def _paths(
    file: Path, images: Mapping[ImageId, dict[str, Any]], folder: Path, report: Report
) -> dict[ImageId, str]:
    paths, wrong = find_pictures(images, folder)
    for fault in wrong.values():
        report.add(MISSING, f"{file.name}: {fault}")
    seen: dict[Path, ImageId] = {}
    for image_id, path in paths.items():
        if path in seen:
            report.add(TWICE, f"{file.name}: {path}, images {seen[path]} and {image_id}")
        seen[path] = image_id
    return {image_id: str(path) for image_id, path in paths.items()}


def _objects(
    file: Path,
    content: Mapping[str, Any],
    categories: Mapping[ImageId, dict[str, Any]],
    images: Mapping[ImageId, dict[str, Any]],
    report: Report,
) -> dict[ImageId, list[dict[str, Any]]]:
    """Those that a box can be read of, be it inverted."""
    found: dict[ImageId, list[dict[str, Any]]] = {}
    seen: set[object] = set()
    for entry in content.get("annotations", ()):
        fault = fault_of(entry, images, categories)
        if fault and not is_inverted(entry, images, categories):
            unknown = isinstance(entry, dict) and "category_id must" in fault
            report.add(UNKNOWN_CLASS if unknown else BROKEN, f"{file.name}: {fault}")
            continue
        number = entry.get("id")
        if not isinstance(number, int):
            report.add(NO_ID, f"{file.name}: {number!r:.80}, of image {entry['image_id']!r}")
        else:
            if number in seen:
                report.add(REPEATED_ANNOTATION_ID, f"{file.name}: annotation {number}")
            elif not number:
                report.add(ZERO_ID, f"{file.name}: annotation of image {entry['image_id']!r}")
            seen.add(number)
        found.setdefault(entry["image_id"], []).append(entry)
    return found


def is_inverted(
    entry: object, images: Mapping[ImageId, object], categories: Mapping[ImageId, object]
) -> bool:
    """Whether nothing is wrong with an annotation but a negative side."""
    if not isinstance(entry, dict) or not isinstance(entry.get("bbox"), list):
        return False
    sides = [abs(x) if isinstance(x, int | float) else x for x in entry["bbox"][2:]]
    upright = {**entry, "bbox": [*entry["bbox"][:2], *sides]}
    return not fault_of(upright, images, categories)  # type: ignore[arg-type]


def _splits(files: Sequence[Path]) -> list[str]:
    """A name each: of the file; with its folders; of these alone where all are called alike."""
    stems = {file.stem for file in files}
    if len(stems) == len(files):
        return [file.stem for file in files]
    above = os.path.commonpath([file.parent for file in files])
    return [
        os.path.relpath(file.parent if len(stems) == 1 else file.with_suffix(""), above)
        for file in files
    ]


def _subject(files: Sequence[Path]) -> str:
    """The file, or the folder of all and how many they are."""
    if len(files) == 1:
        return str(files[0])
    return f"{os.path.commonpath([file.parent for file in files])}, {len(files)} files"


def _names(one: CocoFile) -> Iterator[str]:
    for objects in one.objects.values():
        for entry in objects:
            yield str(one.categories[entry["category_id"]]["name"])
