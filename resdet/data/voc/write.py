"""VOC's form, written."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from resdet.data.writing import IDS, SHAPES, TAGS, Details, Picture, Splits, Told, each_picture
from resdet.structures import boxes as box

_CARRIED = ("truncated", "occluded", "pose")
_DIGITS = 6  # of a pixel, in VOC's numbers that are not whole
CROWD_TO_VOC = "changed: crowds are written as difficult, which VOC's rules ignore likewise"
OTHER_ATTRIBUTES = "lost: objects with attributes that VOC has no tag for"
DECIMALS = "kept: boxes with decimals, which some readers of VOC refuse (--whole-pixels rounds)"
ROUNDED = "changed: boxes rounded to whole pixels"
CATEGORY_IDS = "changed: category ids are 1, 2, ... in the old order"


def write(
    root: Path,
    splits: Splits,
    class_names: Sequence[str],
    category_ids: Sequence[int],
    told: Told,
    whole_pixels: bool = False,
) -> dict[Path, Path]:
    """Annotations/, ImageSets/Main/, classes.txt. Unit: whole pixels, or decimals to 1e-6."""
    (root / "Annotations").mkdir()
    (root / "ImageSets" / "Main").mkdir(parents=True)
    (root / "classes.txt").write_text("".join(f"{n}\n" for n in class_names), encoding="utf-8")
    for split, listed in splits.items():
        lines = "".join(f"{picture.stem}\n" for picture in listed)
        (root / "ImageSets" / "Main" / f"{split}.txt").write_text(lines, encoding="utf-8")
    for picture in each_picture(splits):
        if picture.record.ground_truth is not None:
            tree = _xml(picture, class_names, told, whole_pixels)
            ET.indent(tree, "\t")
            text = ET.tostring(tree, encoding="utf-8", xml_declaration=True)
            (root / "Annotations" / f"{picture.stem}.xml").write_bytes(text)
    if tuple(category_ids) != tuple(range(1, len(class_names) + 1)):
        told[CATEGORY_IDS] += len(class_names)
    return {p.record.path: Path("JPEGImages") / p.name for p in each_picture(splits)}


def _xml(
    picture: Picture, class_names: Sequence[str], told: Told, whole_pixels: bool
) -> ET.Element:
    record, truth = picture.record, picture.truth
    root = ET.Element("annotation")
    _put(root, folder="JPEGImages", filename=picture.name)
    size = ET.SubElement(root, "size")
    _put(size, width=record.width, height=record.height, depth=3)
    _put(root, segmented=0)
    corners = np.round(box.to_voc(truth.boxes.astype(np.float64)), _DIGITS)
    for at, detail in enumerate(picture.details):
        known, rest = _carried(detail)
        told.update([OTHER_ATTRIBUTES] if rest else [])
        told.update([SHAPES] if detail.shape else [])
        told.update([TAGS] if detail.others else [])
        told.update([CROWD_TO_VOC] if truth.crowd[at] else [])
        told.update([IDS] if "id" in detail.entry else [])
        thing = ET.SubElement(root, "object")
        _put(
            thing,
            name=class_names[truth.labels[at]],
            pose=known.get("pose", "Unspecified"),
            truncated=int(bool(known.get("truncated"))),
            difficult=int(truth.difficult[at] or truth.crowd[at]),
            **({"occluded": 1} if known.get("occluded") else {}),
        )
        row = corners[at]
        if not (row == np.round(row)).all():
            told[ROUNDED if whole_pixels else DECIMALS] += 1
            row = np.round(row) if whole_pixels else row
        bndbox = ET.SubElement(thing, "bndbox")
        numbers = [int(v) if v == round(v) else v for v in row.tolist()]
        _put(bndbox, **dict(zip(("xmin", "ymin", "xmax", "ymax"), numbers, strict=True)))
    return root


def _put(parent: ET.Element, **texts: object) -> None:
    for tag, text in texts.items():
        ET.SubElement(parent, tag).text = str(text)


def _carried(detail: Details) -> tuple[dict[str, Any], dict[str, Any]]:
    """(VOC's attributes, the others)."""
    known = {key: detail.attributes[key] for key in _CARRIED if key in detail.attributes}
    rest = {key: v for key, v in detail.attributes.items() if key not in known and v}
    return known, rest
