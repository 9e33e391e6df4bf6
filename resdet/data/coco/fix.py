"""A corrected copy of COCO-form data."""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from backbones.files.atomic import write_inside
from backbones.images.check_report import Report
from backbones.images.copies import LEFT_OUT, Say, check_any_left, copy_image, fresh_folder, tell
from backbones.images.depth import shift_of
from backbones.images.inspect import ImageFacts, Progress, inspect_images
from resdet.data.check_correct import (
    BAD_OBJECTS,
    RENUMBERED,
    Corrected,
    check_objects_left,
    correct,
)
from resdet.data.coco.check import MADE_PLAIN, CocoFile, pairs_of, read_file
from resdet.data.coco.reader import angle_of_entry
from resdet.data.found import Found
from resdet.data.source import Source
from resdet.data.turned import ATTRIBUTE
from resdet.data.validate import Faults
from resdet.structures import boxes as box
from resdet.structures.boxes import FloatArray
from resdet.structures.records import ImageId

NUMBERED, NAMED = "images numbered", "file names written as the images are called"


def fix_coco(
    pairs: Sequence[tuple[Path, Path]],
    out: Path,
    *,
    full: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
    say: Say = print,
) -> list[tuple[Path, Path]]:
    """Copies every JSON to `out/annotations` and its images to `out/images/<folder>`.

    Returns: the copies, in order.
    Raises: ValueError if `out` may not be written, or a file is no JSON with images.
    """
    done: Counter[str] = Counter()
    report = Report("", "COCO", "quick")
    files = [read_file(file, folder, report, Faults(f"COCO data {file}")) for file, folder in pairs]
    done.update({kind.what: len(report.found.get(kind, ())) for kind in MADE_PLAIN.values()})
    names = _distinct([str(folder.resolve()) for _, folder in pairs])
    targets = _distinct([str(file.resolve()) for file, _ in pairs])
    seen = [
        inspect_images(list(one.paths.values()), full=full, workers=workers, progress=progress)
        for one in files
    ]
    shift = shift_of(fact.values for facts in seen for fact in facts)
    fixed = []
    with fresh_folder(out, [*(f for _, f in pairs), *(f for f, _ in pairs)]) as beside:
        for one, facts, (file, folder) in zip(files, seen, pairs, strict=True):
            images = Path("images") / names[str(folder.resolve())]
            names_of = {i: _name(path, folder) for i, path in one.paths.items()}
            content = _correct_coco(one, dict(zip(one.paths, facts, strict=True)), names_of, done)
            for image, fact in content.pop("copied"):
                copy_image(one.paths[image], beside / images / names_of[image], fact, done, shift)
            check_any_left(len(content["images"]), file)
            before, after = (c.get("annotations", ()) for c in (one.content, content))
            check_objects_left(len(before), len(after), file)
            target = Path("annotations") / targets[str(file.resolve())]
            (beside / images).mkdir(parents=True, exist_ok=True)
            write_inside(beside / target, json.dumps(content))
            fixed.append((out / target, out / images))
    tell(+done, out, say)
    return fixed


def fix(found: Found, splits: Sequence[str], out: Path, **common: Any) -> Found:
    """As `fix_coco`, of data that was found."""
    pairs = pairs_of(found, splits)
    copies = dict(zip(pairs, fix_coco(pairs, out, **common), strict=True))
    sources = {}
    for split in splits or found.splits:
        source = found.source(split)
        assert source.images is not None  # of COCO's form
        file, images = copies[source.place, source.images]
        sources[split] = Source("coco", file.absolute(), images=images.absolute())
    return replace(found, root=out.absolute(), splits=sources)


def _name(path: str, folder: Path) -> str:
    """The `file_name` of the copy."""
    return Path(os.path.relpath(path, folder)).as_posix()


def _correct_coco(
    one: CocoFile,
    facts: Mapping[ImageId, ImageFacts],
    names: Mapping[ImageId, str],
    done: Counter[str],
) -> dict[str, Any]:
    """The content of the copy; `copied` lists its images with their facts."""
    images, categories = _numbers(one.images), _numbers(one.categories)
    named = [
        {**c, "id": categories[number], "name": str(c["name"])}
        for number, c in one.categories.items()
    ]
    content = {**one.content, "categories": named}
    copied = [(image, fact) for image, fact in facts.items() if fact.readable]
    done[LEFT_OUT] += len(one.content["images"]) - len(copied)
    content["images"], content["copied"] = [], copied
    things: list[dict[str, Any]] = []
    for image, fact in copied:
        fixed = correct(one.item(image), fact, "coco", done)
        height, width = fixed.size
        told = {"id": images[image], "file_name": names[image], "height": height, "width": width}
        content["images"].append({**one.images[image], **told})
        rows = box.to_xywh(fixed.boxes)
        for at in np.flatnonzero(fixed.keep):
            entry = one.objects[image][at]
            ids = {"image_id": images[image], "category_id": categories[entry["category_id"]]}
            things.append(
                {**(_moved(entry, rows[at], fixed) if fixed.changed[at] else entry), **ids}
            )
    done[NUMBERED] += sum(number != image for image, number in images.items())
    done[NAMED] += sum(str(one.images[image]["file_name"]) != names[image] for image, _ in copied)
    if "annotations" in one.content:
        kept = sum(map(len, one.objects.values()))
        done[BAD_OBJECTS] += len(one.content["annotations"]) - kept
        content["annotations"] = _with_ids(things, done)
    return content


def _numbers(entries: Mapping[ImageId, object]) -> dict[ImageId, int]:
    """Numbers for ids: their own, those that they write, or their places from 1."""
    digits = [int(i) for i in entries if isinstance(i, int) or (i.isascii() and i.isdigit())]
    if len(set(digits)) < len(entries):
        digits = list(range(1, len(entries) + 1))
    return dict(zip(entries, digits, strict=True))


def _with_ids(things: list[dict[str, Any]], done: Counter[str]) -> list[dict[str, Any]]:
    """Their own, where all have one and they differ; pycocotools takes 0 for none."""
    ids = [entry.get("id") for entry in things]
    if all(isinstance(number, int) and number for number in ids) and len(set(ids)) == len(ids):
        return things
    done[RENUMBERED] += len(ids)
    return [{**entry, "id": number} for number, entry in enumerate(things, start=1)]


def _moved(entry: dict[str, Any], bbox: FloatArray, fixed: Corrected) -> dict[str, Any]:
    """With its new box; a mask that lies elsewhere now is left out, and the area is the box's."""
    changed = {**entry, "bbox": [round(float(value), 4) for value in bbox]}
    old = entry["bbox"]
    if fixed.moved or entry.get("area") == old[2] * old[3]:
        changed["area"] = round(float(bbox[2] * bbox[3]), 4)
    if fixed.moved:
        changed.pop("segmentation", None)
    if angle_of_entry(entry):
        changed["attributes"] = {**entry["attributes"], ATTRIBUTE: 0.0}
    return changed


def _distinct(paths: Sequence[str]) -> dict[str, str]:
    """A name for each path: its last part, with a number where another has it."""
    found: dict[str, str] = {}
    for path in paths:
        name = Path(path).name
        while name in found.values() and path not in found:
            name = f"{len(found)}_{name}"
        found.setdefault(path, name)
    return found
