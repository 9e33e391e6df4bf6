"""Corrected copies of VOC folders and COCO files; the original is only read."""

from __future__ import annotations

import json
import os
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from backbones.data.check_fix import LEFT_OUT, Say, check_any_left, copy_image, fresh_folder, tell
from backbones.data.check_images import ImageFacts, Progress, inspect_images
from backbones.data.check_report import Report
from resdet import boxes as box
from resdet.boxes import FloatArray
from resdet.data.check_coco import CocoFile, read_file
from resdet.data.check_correct import Corrected, correct
from resdet.data.check_voc import VocFolder, item_of, read_folder
from resdet.data.validate import Faults, is_pixels
from resdet.data.voc_xml import parse_xml

UNUSABLE = "images left out: annotation missing or broken"
BAD_OBJECTS = "objects left out: no numbers, no class or no image"
RENAMED = "objects whose class differed by case or blanks"
RENUMBERED = "annotations renumbered"
_TAGS = ("xmin", "ymin", "xmax", "ymax")


def fix_voc(
    root: Path,
    out: Path,
    splits: Sequence[str] = (),
    *,
    full: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
    say: Say = print,
) -> None:
    """Copies the images of `splits` with their annotations, lists and classes.txt to `out`.

    Raises: ValueError if `out` may not be written or a split is not there.
    """
    report = Report(str(root), "VOC", "quick")
    folder = read_folder(root, splits, report)
    done: Counter[str] = Counter()
    stems = [stem for stem in folder.stems if stem in folder.images]
    paths = [str(folder.images[stem]) for stem in stems]
    seen = inspect_images(paths, full=full, workers=workers, progress=progress)
    facts = dict(zip(stems, seen, strict=True))
    with fresh_folder(out, [root]) as beside:
        for part in ("Annotations", "ImageSets/Main", "JPEGImages"):
            (beside / part).mkdir(parents=True)
        written = {s for s in folder.stems if _copy_voc(folder, s, facts.get(s), beside, done)}
        check_any_left(len(written), root)
        for split, listed in folder.splits.items():
            lines = "".join(f"{stem}\n" for stem in listed if stem in written)
            (beside / "ImageSets" / "Main" / f"{split}.txt").write_text(lines, encoding="utf-8")
        if folder.class_names:
            lines = "".join(f"{name}\n" for name in folder.class_names)
            (beside / "classes.txt").write_text(lines, encoding="utf-8")
    tell(+done, out, say)


def _copy_voc(
    folder: VocFolder, stem: str, fact: ImageFacts | None, beside: Path, done: Counter[str]
) -> bool:
    """Whether the image is part of the copy."""
    if fact is None or not fact.readable:
        done[LEFT_OUT] += 1
        return False
    unlabelled = not any(s in folder.annotations for s in folder.splits.get("test", ()))
    in_test_only = all(stem not in v for k, v in folder.splits.items() if k != "test")
    if stem not in folder.annotations and not (unlabelled and in_test_only):
        done[UNUSABLE] += 1
        return False
    source = folder.images[stem]
    copy_image(str(source), beside / "JPEGImages" / f"{stem}{source.suffix}", fact, done)
    if stem in folder.annotations:
        fixed = correct(item_of(folder, stem), fact, "voc", done)
        tree = parse_xml(Path(folder.layout.xml(stem)).read_bytes())
        _edit_voc(tree, fixed, folder.class_names, done)
        text = ET.tostring(tree, encoding="utf-8", xml_declaration=True)
        target = beside / "Annotations" / f"{stem}.xml"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(text)
    return True


def _edit_voc(
    tree: ET.Element, fixed: Corrected, class_names: Sequence[str], done: Counter[str]
) -> None:
    """Changes the tree where the numbers changed, and nowhere else."""
    alike = {_plain(name): name for name in class_names}
    numbers = count()
    for thing in tree.findall("object"):
        corners = thing.find("bndbox")
        if corners is None or not _readable(corners):
            done[BAD_OBJECTS] += 1
            tree.remove(thing)
            continue
        at = next(numbers)
        if not fixed.keep[at]:
            tree.remove(thing)
            continue
        if fixed.changed[at]:
            for tag, value in zip(_TAGS, box.to_voc(fixed.boxes[at : at + 1])[0], strict=True):
                _set(corners, tag, value)
        name = thing.find("name")
        told = (name.text or "").strip() if name is not None else ""
        if name is not None and told not in class_names and _plain(told) in alike:
            done[RENAMED] += 1
            name.text = alike[_plain(told)]
    size = tree.find("size")
    if size is None:
        size = ET.SubElement(tree, "size")
    _set(size, "width", fixed.size[1])
    _set(size, "height", fixed.size[0])


def _readable(corners: ET.Element) -> bool:
    """The same judgement that `read_annotation` makes."""
    try:
        texts = [corners.findtext(tag) or "" for tag in _TAGS]
        return all("_" not in text and is_pixels(float(text)) for text in texts)
    except ValueError:
        return False


def _set(parent: ET.Element, tag: str, value: float) -> None:
    element = parent.find(tag)
    if element is None:
        element = ET.SubElement(parent, tag)
    element.text = _number(value)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(round(float(value), 4))


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()


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
    names = _distinct([str(folder.resolve()) for _, folder in pairs])
    targets = _distinct([str(file.resolve()) for file, _ in pairs])
    fixed = []
    with fresh_folder(out, [*(f for _, f in pairs), *(f for f, _ in pairs)]) as beside:
        for one, (file, folder) in zip(files, pairs, strict=True):
            paths = list(one.paths.values())
            seen = inspect_images(paths, full=full, workers=workers, progress=progress)
            images = Path("images") / names[str(folder.resolve())]
            content = _correct_coco(one, dict(zip(one.paths, seen, strict=True)), done)
            for image, fact in content.pop("copied"):
                name = os.path.relpath(one.paths[image], folder)
                copy_image(one.paths[image], beside / images / name, fact, done)
            check_any_left(len(content["images"]), file)
            target = Path("annotations") / targets[str(file.resolve())]
            (beside / images).mkdir(parents=True, exist_ok=True)
            (beside / "annotations").mkdir(exist_ok=True)
            (beside / target).write_text(json.dumps(content), encoding="utf-8")
            fixed.append((out / target, out / images))
    tell(+done, out, say)
    return fixed


def _correct_coco(
    one: CocoFile, facts: Mapping[int, ImageFacts], done: Counter[str]
) -> dict[str, Any]:
    """The content of the copy; `copied` lists its images with their facts."""
    named = [{**c, "name": str(c["name"])} for c in one.categories.values()]
    content = {**one.content, "categories": named}
    copied = [(image, fact) for image, fact in facts.items() if fact.readable]
    done[LEFT_OUT] += len(one.content["images"]) - len(copied)
    content["images"], content["copied"] = [], copied
    things: list[dict[str, Any]] = []
    for image, fact in copied:
        fixed = correct(one.item(image), fact, "coco", done)
        height, width = fixed.size
        content["images"].append({**one.images[image], "height": height, "width": width})
        rows = box.to_xywh(fixed.boxes)
        for at in np.flatnonzero(fixed.keep):
            entry = one.objects[image][at]
            things.append(_moved(entry, rows[at], fixed) if fixed.changed[at] else entry)
    if "annotations" in one.content:
        kept = sum(map(len, one.objects.values()))
        done[BAD_OBJECTS] += len(one.content["annotations"]) - kept
        ids = [entry.get("id") for entry in things]
        if len({str(number) for number in ids}) < len(ids):
            done[RENUMBERED] += len(ids)
            things = [{**entry, "id": number} for number, entry in enumerate(things, start=1)]
        content["annotations"] = things
    return content


def _moved(entry: dict[str, Any], bbox: FloatArray, fixed: Corrected) -> dict[str, Any]:
    """With its new box; a mask that lies elsewhere now is left out, and the area is the box's."""
    changed = {**entry, "bbox": [round(float(value), 4) for value in bbox]}
    old = entry["bbox"]
    if fixed.moved or entry.get("area") == old[2] * old[3]:
        changed["area"] = round(float(bbox[2] * bbox[3]), 4)
    if fixed.moved:
        changed.pop("segmentation", None)
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
