"""VOC's form, written."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from backbones.files.atomic import write_inside
from resdet.data.programs import MOST, Words
from resdet.data.writing import (
    CROWD,
    DIFFICULT,
    IDS,
    NO_DIFFICULT,
    SHAPES,
    TAGS,
    Details,
    Picture,
    Splits,
    Told,
    category_numbers,
    each_picture,
    plain_classes,
    plain_text,
)
from resdet.structures import boxes as box
from resdet.structures.corners import VOC

_CARRIED = ("truncated", "occluded", "pose")
_OWN = (*_CARRIED, CROWD, DIFFICULT)
_DIGITS = 6  # of a pixel, in VOC's numbers that are not whole
CROWD_TO_VOC = (
    "changed: crowds are written as difficult, which VOC's rules ignore likewise, and with a tag "
    "`crowd` for the way back"
)
OTHER_ATTRIBUTES = "lost: objects with attributes that VOC has no tag for"
DECIMALS = "kept: boxes with decimals, which some readers of VOC refuse (--whole-pixels rounds)"
ROUNDED = "changed: boxes rounded to whole pixels"
NO_LABELMAP = "missing: labelmap.txt, which CVAT and datumaro want: it cannot hold names of classes"
NO_SUFFIX = "not read: images that are no {suffix}, the only ones of VOC that {program} looks for"


def write(
    root: Path,
    splits: Splits,
    class_names: Sequence[str],
    category_ids: Sequence[int],
    told: Told,
    words: Words = MOST,
) -> dict[Path, Path]:
    """Annotations/, ImageSets/Main/, classes.txt, labelmap.txt.

    Unit: whole pixels, or decimals to 1e-6.
    Raises: ValueError where two classes would have one name, or labelmap.txt cannot hold one.
    """
    names = plain_classes(class_names, told)
    (root / "Annotations").mkdir()
    (root / "ImageSets" / "Main").mkdir(parents=True)
    write_inside(root / "classes.txt", "".join(f"{n}\n" for n in names))
    _write_labelmap(root, names, words, told)
    for split, listed in splits.items():
        lines = "".join(f"{picture.stem}\n" for picture in listed)
        write_inside(root / "ImageSets" / "Main" / f"{split}.txt", lines)
    for picture in each_picture(splits):
        others = words.suffix and not picture.name.endswith(words.suffix)
        told.update([NO_SUFFIX.format(**vars(words))] if others else [])
        if picture.record.ground_truth is not None:
            tree = _xml(picture, names, told, words)
            ET.indent(tree, "\t")
            text = ET.tostring(tree, encoding="utf-8", xml_declaration=not words.plain)
            write_inside(root / "Annotations" / f"{picture.stem}.xml", text)
    category_numbers(category_ids, True, told)
    return {p.record.path: Path("JPEGImages") / p.name for p in each_picture(splits)}


def _write_labelmap(root: Path, names: Sequence[str], words: Words, told: Told) -> None:
    """CVAT's, a line `name:colour:parts:actions` each, where no name has a colon or is a remark."""
    wrong = [name for name in names if ":" in name or name.startswith("#")]
    if wrong and words.labelmap:
        raise ValueError(
            f"class names must be without a : and not begin with # for {words.program}, whose "
            f"labelmap.txt has no way to write them, got {wrong[0]!r}; rename it in the data"
        )
    told.update([NO_LABELMAP] * len(wrong))
    if not wrong:
        lines = "".join(f"{name}:::\n" for name in names)
        write_inside(root / "labelmap.txt", f"# label:color_rgb:parts:actions\n{lines}")


def _xml(picture: Picture, names: Sequence[str], told: Told, words: Words) -> ET.Element:
    record, truth = picture.record, picture.truth
    root = ET.Element("annotation")
    if words.corners != VOC:
        root.set("corners", words.corners)
    _put(root, folder="JPEGImages", filename=picture.name)
    size = ET.SubElement(root, "size")
    _put(size, width=record.width, height=record.height, depth=3)
    _put(root, segmented=0)
    corners = np.round(box.to_voc(truth.boxes.astype(np.float64), words.corners), _DIGITS)
    for at, detail in enumerate(picture.details):
        known = _carried(detail, told)
        crowd = bool(truth.crowd[at] or detail.attributes.get(CROWD))
        ignored = bool(truth.difficult[at] or crowd)
        told.update([CROWD_TO_VOC] if truth.crowd[at] else [])
        told.update([NO_DIFFICULT.format(**vars(words))] if ignored > words.difficult else [])
        thing = ET.SubElement(root, "object")
        _put(
            thing,
            name=names[truth.labels[at]],
            pose=plain_text(str(known.get("pose", ""))) or "Unspecified",
            truncated=int(bool(known.get("truncated"))),
            difficult=int(ignored),
            **({"occluded": 1} if known.get("occluded") else {}),
            **({CROWD: 1} if crowd else {}),
        )
        row = corners[at]
        if not (row == np.round(row)).all():
            told[ROUNDED if words.whole else DECIMALS] += 1
            row = np.round(row) if words.whole else row
        bndbox = ET.SubElement(thing, "bndbox")
        numbers = [int(v) if v == round(v) else v for v in row.tolist()]
        _put(bndbox, **dict(zip(("xmin", "ymin", "xmax", "ymax"), numbers, strict=True)))
    return root


def _put(parent: ET.Element, **texts: object) -> None:
    for tag, text in texts.items():
        ET.SubElement(parent, tag).text = str(text)


def _carried(detail: Details, told: Told) -> dict[str, Any]:
    """VOC's attributes; what else there is is told."""
    known = {key: detail.attributes[key] for key in _CARRIED if key in detail.attributes}
    rest = [key for key, v in detail.attributes.items() if key not in _OWN and v]
    told.update([OTHER_ATTRIBUTES] if rest else [])
    told.update([SHAPES] if detail.shape else [])
    told.update([TAGS] if detail.others else [])
    told.update([IDS] if "id" in detail.entry else [])
    return known
