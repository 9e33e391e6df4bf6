"""A corrected copy of a VOC folder; the original is only read."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from backbones.files.atomic import write_inside
from backbones.files.plain_xml import parse_xml
from backbones.images.check_report import Report
from backbones.images.copies import LEFT_OUT, Say, check_any_left, copy_image, fresh_folder, tell
from backbones.images.depth import shift_of
from backbones.images.inspect import ImageFacts, Progress, inspect_images
from resdet.data.check_correct import (
    BAD_OBJECTS,
    RENAMED,
    UNUSABLE,
    Corrected,
    check_objects_left,
    correct,
)
from resdet.data.found import Found
from resdet.data.validate import is_pixels, number_of
from resdet.data.voc.background import is_labelled
from resdet.data.voc.check import VocFolder, item_of, read_folder
from resdet.data.voc.xml import rotation
from resdet.structures import boxes as box
from resdet.structures.corners import VOC, Corners

SHIFTED = "files whose corners were counted otherwise, now as VOC counts"
WRITTEN = "listed images without an annotation, given one without objects"
_TAGS = ("xmin", "ymin", "xmax", "ymax")


def fix_voc(
    root: Path,
    out: Path,
    splits: Sequence[str] = (),
    *,
    class_names: Sequence[str] = (),
    corners: Corners | None = None,
    full: bool = True,
    workers: int = 1,
    progress: Progress | None = None,
    say: Say = print,
) -> None:
    """Copies the images of `splits` with their annotations, lists and classes.txt to `out`.

    Corners become VOC's own before anything else; such files say so at their head.

    Raises: ValueError if `out` may not be written or a split is not there.
    """
    report = Report(str(root), "VOC", "quick")
    folder = read_folder(root, splits, report, class_names, corners)
    done: Counter[str] = Counter()
    stems = [stem for stem in folder.stems if stem in folder.images]
    paths = [str(folder.images[stem]) for stem in stems]
    seen = inspect_images(paths, full=full, workers=workers, progress=progress)
    facts = dict(zip(stems, seen, strict=True))
    shift = shift_of(fact.values for fact in seen)
    files = (Path(folder.layout.xml(stem)) for stem in folder.stems if stem in folder.written)
    before = sum(file.read_bytes().count(b"<object>") for file in files)
    with fresh_folder(out, [root]) as beside:
        for part in ("Annotations", "ImageSets/Main", "JPEGImages"):
            (beside / part).mkdir(parents=True)
        written = {
            s for s in folder.stems if _copy_voc(folder, s, facts.get(s), beside, done, shift)
        }
        check_any_left(len(written), root)
        files = (beside / "Annotations").rglob("*.xml")
        after = sum(len(parse_xml(file.read_bytes()).findall("object")) for file in files)
        check_objects_left(before, after, root)
        for split, listed in folder.splits.items():
            lines = "".join(f"{stem}\n" for stem in listed if stem in written)
            write_inside(beside / "ImageSets" / "Main" / f"{split}.txt", lines)
        if folder.class_names:
            lines = "".join(f"{name}\n" for name in folder.class_names)
            write_inside(beside / "classes.txt", lines)
    tell(+done, out, say)


def fix(found: Found, splits: Sequence[str], out: Path, **common: Any) -> Found:
    """As `fix_voc`, of data that was found."""
    fix_voc(found.root, out, splits, class_names=found.said, corners=found.corners, **common)
    return replace(found, root=out, corners=None)


def _copy_voc(
    folder: VocFolder,
    stem: str,
    fact: ImageFacts | None,
    beside: Path,
    done: Counter[str],
    shift: int,
) -> bool:
    """Whether the image is part of the copy."""
    if fact is None or not fact.readable:
        done[LEFT_OUT] += 1
        return False
    if stem in folder.written and stem not in folder.annotations:
        done[UNUSABLE] += 1
        return False
    source = folder.images[stem]
    copy_image(str(source), beside / "JPEGImages" / f"{stem}{source.suffix}", fact, done, shift)
    tree = _tree(folder, stem, fact, done)
    if tree is not None:
        text = ET.tostring(tree, encoding="utf-8", xml_declaration=True)
        write_inside(beside / "Annotations" / f"{stem}.xml", text)
    return True


def _tree(folder: VocFolder, stem: str, fact: ImageFacts, done: Counter[str]) -> ET.Element | None:
    """The corrected annotation of an image; None where it is of a split whose objects are unknown.

    A listed image that has no annotation is given one without objects.
    """
    if stem not in folder.written:
        of = [split for split, stems in folder.splits.items() if stem in stems]
        if not any(is_labelled(s, folder.splits[s], folder.written) for s in of):
            return None
        done[WRITTEN] += 1
        tree = ET.Element("annotation")
        ET.SubElement(tree, "filename").text = folder.images[stem].name
        _set_size(tree, fact.size)
        return tree
    item = item_of(folder, stem)
    fixed = correct(item, fact, "voc", done)
    tree = parse_xml(Path(folder.layout.xml(stem)).read_bytes())
    if item.corners != VOC:
        fixed = replace(fixed, changed=np.ones_like(fixed.changed))
        tree.set("corners", VOC)
        done[SHIFTED] += 1
    _edit_voc(tree, fixed, folder.class_names, done)
    return tree


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
            if (turn := rotation(thing)) is not None:
                turn.text = "0.0"
        name = thing.find("name")
        told = (name.text or "").strip() if name is not None else ""
        if name is not None and told not in class_names and _plain(told) in alike:
            done[RENAMED] += 1
            name.text = alike[_plain(told)]
    _set_size(tree, fixed.size)


def _set_size(tree: ET.Element, height_width: tuple[int, int] | None) -> None:
    assert height_width is not None  # of a readable image
    size = tree.find("size")
    if size is None:
        size = ET.SubElement(tree, "size")
    _set(size, "width", height_width[1])
    _set(size, "height", height_width[0])


def _readable(corners: ET.Element) -> bool:
    """The same judgement that `read_annotation` makes."""
    return all(is_pixels(number_of(corners.findtext(tag))) for tag in _TAGS)


def _set(parent: ET.Element, tag: str, value: float) -> None:
    element = parent.find(tag)
    if element is None:
        element = ET.SubElement(parent, tag)
    element.text = _number(value)


def _number(value: float) -> str:
    return str(int(value)) if float(value).is_integer() else repr(round(float(value), 4))


def _plain(name: str) -> str:
    return "".join(name.split()).casefold()
