"""Writers of VOC, COCO and YOLO data; each counts what its form has no word for."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from resdet import boxes as box
from resdet.data.convert_source import Details
from resdet.structures import GroundTruth, ImageRecord

Told = Counter[str]
Splits = Mapping[str, Sequence["Picture"]]
Writer = Callable[
    [Path, Splits, Sequence[str], Sequence[int], Told, bool], dict[Path, Path]
]  # -> where each image belongs, relative to the folder

_DIGITS = 6  # of a pixel, in VOC's numbers that are not whole
_FRACTION_DIGITS = 12  # of an image: 1e-6 px up to a million pixels
_YOLO_SPLITS = ("train", "val", "test", "trainval")
_CARRIED = ("truncated", "occluded", "pose")

SHAPES = "lost: polygons and masks, of which the boxes are kept"
CROWD_TO_VOC = "changed: crowds are written as difficult, which VOC's rules ignore likewise"
CROWD_TO_YOLO = "lost: crowds, which YOLO has no word for, are left out"
DIFFICULT = "lost: `difficult`, which YOLO has no word for: plain objects now"
ATTRIBUTES = "lost: objects with attributes, such as truncated or pose"
OTHER_ATTRIBUTES = "lost: objects with attributes that VOC has no tag for"
DECIMALS = "kept: boxes with decimals, which some readers of VOC refuse (--whole-pixels rounds)"
ROUNDED = "changed: boxes rounded to whole pixels"
TAGS = "lost: objects with further tags of VOC, such as parts"
INVERTED = "lost: boxes with corners swapped (resdet check-data --fix swaps them back)"
OUTSIDE = "changed: boxes clipped to their image, outside of which YOLO has none"
IDS = "lost: ids of annotations, and of images whose names are no numbers"
CATEGORY_IDS = "changed: category ids are 1, 2, ... in the old order"
NO_VAL = "missing: `val:` in data.yaml, which ultralytics wants"


@dataclass(frozen=True)
class Picture:
    """One image: the name of its file in the copy, its COCO id, details of each object."""

    record: ImageRecord
    name: str
    number: int
    details: list[Details]

    @property
    def truth(self) -> GroundTruth:
        """Its objects; none where nothing is known."""
        known = self.record.ground_truth
        return GroundTruth(np.zeros((0, 4)), np.zeros(0, np.int64)) if known is None else known

    @property
    def stem(self) -> str:
        """Of its file."""
        return self.name.rpartition(".")[0]


def _each(splits: Splits) -> list[Picture]:
    return list({p.record.path: p for pictures in splits.values() for p in pictures}.values())


def _upright(picture: Picture, told: Told) -> list[int]:
    """The objects that are no box with swapped corners, which neither COCO nor YOLO can hold."""
    boxes = picture.truth.boxes
    told.update({TAGS: sum(detail.others for detail in picture.details)})
    sound = (boxes[:, 2:] >= boxes[:, :2]).all(axis=1)
    told.update({INVERTED: int((~sound).sum())})
    return np.flatnonzero(sound).tolist()


def write_voc(
    root: Path,
    splits: Splits,
    class_names: Sequence[str],
    category_ids: Sequence[int],
    told: Told,
    whole_pixels: bool,
) -> dict[Path, Path]:
    """Annotations/, ImageSets/Main/, classes.txt. Unit: whole pixels, or decimals to 1e-6."""
    (root / "Annotations").mkdir()
    (root / "ImageSets" / "Main").mkdir(parents=True)
    (root / "classes.txt").write_text("".join(f"{n}\n" for n in class_names), encoding="utf-8")
    for split, listed in splits.items():
        lines = "".join(f"{picture.stem}\n" for picture in listed)
        (root / "ImageSets" / "Main" / f"{split}.txt").write_text(lines, encoding="utf-8")
    for picture in _each(splits):
        if picture.record.ground_truth is not None:
            tree = _xml(picture, class_names, told, whole_pixels)
            ET.indent(tree, "\t")
            text = ET.tostring(tree, encoding="utf-8", xml_declaration=True)
            (root / "Annotations" / f"{picture.stem}.xml").write_bytes(text)
    if tuple(category_ids) != tuple(range(1, len(class_names) + 1)):
        told[CATEGORY_IDS] += len(class_names)
    return {p.record.path: Path("JPEGImages") / p.name for p in _each(splits)}


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


def write_coco(
    root: Path,
    splits: Splits,
    class_names: Sequence[str],
    category_ids: Sequence[int],
    told: Told,
    whole_pixels: bool,
) -> dict[Path, Path]:
    """annotations/instances_<split>.json; entries that were COCO's stay as they are.

    VOC's `difficult` is "ignore", its other flags are "attributes".
    """
    (root / "annotations").mkdir()
    categories = [
        {"id": i, "name": name} for i, name in zip(category_ids, class_names, strict=True)
    ]
    entries: dict[Path, list[dict[str, Any]]] = {}
    count = 0
    for picture in _each(splits):
        made = _entries(picture, category_ids, told)
        for entry in made:
            count += 1
            entry.setdefault("id", count)
        entries[picture.record.path] = made
    for split, pictures in splits.items():
        content: dict[str, Any] = {"info": {"description": f"{split}, converted by resdet"}}
        content["images"] = [
            {"id": p.number, "file_name": p.name, "height": p.record.height,
             "width": p.record.width} for p in pictures
        ]  # fmt: skip
        if any(picture.record.ground_truth is not None for picture in pictures):
            content["annotations"] = [e for p in pictures for e in entries[p.record.path]]
        content["categories"] = categories
        text = json.dumps(content, ensure_ascii=False)
        (root / "annotations" / f"instances_{split}.json").write_text(text, encoding="utf-8")
    return {p.record.path: Path("images") / p.name for p in _each(splits)}


def _entries(picture: Picture, category_ids: Sequence[int], told: Told) -> list[dict[str, Any]]:
    truth = picture.truth
    rows = box.to_xywh(truth.boxes.astype(np.float64))
    made = []
    for at in _upright(picture, told):
        detail = picture.details[at]
        if "bbox" in detail.entry:
            made.append({**detail.entry, "image_id": picture.number})
            continue
        told.update([SHAPES] if detail.shape else [])
        bbox = [int(v) if v == round(v) else v for v in rows[at].tolist()]
        entry: dict[str, Any] = {
            "image_id": picture.number,
            "category_id": category_ids[truth.labels[at]],
            "bbox": bbox,
            "area": bbox[2] * bbox[3],
            "iscrowd": int(truth.crowd[at]),
            "segmentation": [],
        }
        entry.update({"ignore": 1} if truth.difficult[at] else {})
        entry.update({"attributes": detail.attributes} if detail.attributes else {})
        made.append(entry)
    return made


def write_yolo(
    root: Path,
    splits: Splits,
    class_names: Sequence[str],
    category_ids: Sequence[int],
    told: Told,
    whole_pixels: bool,
) -> dict[Path, Path]:
    """labels/<split>/ and data.yaml; a split whose images lie in folders of others is a list.

    Raises: ValueError for a split that YOLO has no name for.
    """
    unknown = [split for split in splits if split not in _YOLO_SPLITS]
    if unknown:
        raise ValueError(
            f"split must be one of {', '.join(_YOLO_SPLITS)} in YOLO's form, got {unknown[0]!r}; "
            "choose with --split, or rename it"
        )
    places: dict[Path, Path] = {}
    for split in sorted(splits, key=_YOLO_SPLITS.index):
        for picture in splits[split]:
            places.setdefault(picture.record.path, Path("images") / split / picture.name)
    for picture in _each(splits):
        if picture.record.ground_truth is not None:
            image = places[picture.record.path]
            label = root / "labels" / image.parent.name / f"{picture.stem}.txt"
            label.parent.mkdir(parents=True, exist_ok=True)
            label.write_text(_lines(picture, told), encoding="utf-8")
    content: dict[str, Any] = {}
    for split, pictures in splits.items():
        inside = {path for path, place in places.items() if place.parent.name == split}
        if inside == {picture.record.path for picture in pictures}:
            content[split] = f"images/{split}"
            continue
        content[split] = f"{split}.txt"
        lines = "".join(f"./{places[p.record.path].as_posix()}\n" for p in pictures)
        (root / f"{split}.txt").write_text(lines, encoding="utf-8")
    if "val" not in splits:
        told[NO_VAL] += 1
    content["nc"] = len(class_names)
    content["names"] = dict(enumerate(class_names))
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True)
    (root / "data.yaml").write_text(text, encoding="utf-8")
    return places


def _lines(picture: Picture, told: Told) -> str:
    truth, height, width = picture.truth, picture.record.height, picture.record.width
    size = np.array([width, height], np.float64)
    lines = []
    for at in _upright(picture, told):
        if truth.crowd[at]:
            told[CROWD_TO_YOLO] += 1
            continue
        told.update([DIFFICULT] if truth.difficult[at] else [])
        told.update([ATTRIBUTES] if any(picture.details[at].attributes.values()) else [])
        told.update([SHAPES] if picture.details[at].shape else [])
        told.update([IDS] if "id" in picture.details[at].entry else [])
        corners = truth.boxes[at].astype(np.float64)
        numbers = _fractions(corners, size)
        if (numbers < 0).any() or (numbers > 1).any():
            told[OUTSIDE] += 1
            numbers = _fractions(box.clip(corners[None], height, width)[0], size)
        words = [f"{value:.{_FRACTION_DIGITS}f}".rstrip("0").rstrip(".") for value in numbers]
        lines.append(" ".join([str(truth.labels[at]), *words]) + "\n")
    return "".join(lines)


def _fractions(corners: Any, size: Any) -> Any:
    """Centre, width and height as fractions of the image."""
    low, high = corners[:2], corners[2:]
    return np.concatenate([(low + high) / 2 / size, (high - low) / size])


WRITERS: dict[str, Writer] = {"voc": write_voc, "coco": write_coco, "yolo": write_yolo}
