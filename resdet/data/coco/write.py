"""COCO's form, written."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from backbones.files.atomic import write_inside
from resdet.data.programs import MOST, Words
from resdet.data.writing import (
    CROWD,
    DIFFICULT,
    NO_CROWD,
    NO_DIFFICULT,
    SHAPES,
    Picture,
    Splits,
    Told,
    category_numbers,
    each_picture,
    upright,
)
from resdet.structures import boxes as box
from resdet.structures.coco_json import OUT_OF_EVERY_AREA_RANGE, coco_json, object_entries

DIFFICULT_TO_COCO = (
    "changed: difficult objects have an `area` that COCO's rules ignore, and an attribute: "
    "pycocotools, faster-coco-eval and detectron2 do not miss them; what trains on the file takes "
    "them for plain objects"
)
RENUMBERED = "changed: ids of annotations count from 1: pycocotools takes 0 for none"


def write(
    root: Path,
    splits: Splits,
    class_names: Sequence[str],
    category_ids: Sequence[int],
    told: Told,
    words: Words = MOST,
    description: str = "{split}, converted by resdet",
) -> dict[Path, Path]:
    """annotations/instances_<split>.json; entries that were COCO's stay as they are.

    VOC's flags are "attributes". A difficult object has an `area` outside of every range, by which
    it is ignored at the usual overlap: `ignore` is not heard, and a crowd overlaps otherwise.
    """
    numbered = category_numbers(category_ids, words.numbered, told)
    entries: dict[Path, list[dict[str, Any]]] = {}
    for picture in each_picture(splits):
        made = _entries(picture, np.array(numbered, np.int64), told, words)
        entries[picture.record.path] = made
    _number([entry for made in entries.values() for entry in made], told)
    for split, pictures in splits.items():
        known = any(picture.record.ground_truth is not None for picture in pictures)
        content = coco_json(
            description.format(split=split),
            ((p.number, p.name, p.record) for p in pictures),
            [e for p in pictures for e in entries[p.record.path]] if known else None,
            numbered,
            class_names,
        )
        text = json.dumps(content, ensure_ascii=False).encode("utf-8", "backslashreplace")
        write_inside(root / "annotations" / f"instances_{split}.json", text)
    return {p.record.path: Path("images") / p.name for p in each_picture(splits)}


def _number(entries: Sequence[dict[str, Any]], told: Told) -> None:
    """Ids that all have and that differ stay, from 1 on; else they are the places."""
    ids = [entry.get("id") for entry in entries]
    sound = all(type(number) is int and number > 0 for number in ids)
    if sound and len(set(ids)) == len(ids):
        return
    told[RENUMBERED] += sum(number is not None for number in ids)
    for number, entry in enumerate(entries, start=1):
        entry["id"] = number


def _entries(picture: Picture, category_ids: Any, told: Told, words: Words) -> list[dict[str, Any]]:
    truth = picture.truth
    rows = box.to_xywh(truth.boxes.astype(np.float64))
    numbers = np.full(len(truth), picture.number)
    flags = [bool(detail.attributes.get(CROWD)) for detail in picture.details]
    crowd = truth.crowd | np.array(flags, bool)
    difficult = truth.difficult & ~crowd
    areas = rows[:, 2] * rows[:, 3]
    fresh = object_entries(numbers, category_ids[truth.labels], rows, areas, crowd)
    made = []
    for at in upright(picture, told):
        detail, entry = picture.details[at], fresh[at]
        del entry["id"]  # which is the file's
        entry |= {"bbox": list(map(_short, entry["bbox"])), "area": _short(entry["area"])}
        entry["segmentation"] = []
        if detail.entry:
            entry = _kept(detail.entry, entry)
        else:
            told.update([SHAPES] if detail.shape else [])
            attributes = {key: v for key, v in detail.attributes.items() if key != CROWD}
            entry.update({"attributes": attributes} if attributes else {})
        told.update([NO_CROWD.format(**vars(words))] if crowd[at] > words.crowd else [])
        told.update([NO_DIFFICULT.format(**vars(words))] if difficult[at] > words.difficult else [])
        if difficult[at] and entry.get("area") != OUT_OF_EVERY_AREA_RANGE:
            told.update([DIFFICULT_TO_COCO] if words.difficult else [])
            entry = _ignored(entry)
        made.append(entry)
    return made


def _kept(own: Mapping[str, Any], made: Mapping[str, Any]) -> dict[str, Any]:
    """An entry that was COCO's, with what readers want besides, its ids and flags as numbers."""
    entry = {**made, **{key: value for key, value in own.items() if value is not None}}
    bbox = entry["bbox"]
    if not (isinstance(bbox, list) and all(type(value) in (int, float) for value in bbox)):
        entry["bbox"] = made["bbox"]
    return entry | {key: made[key] for key in ("image_id", "category_id", "iscrowd")}


def _ignored(entry: dict[str, Any]) -> dict[str, Any]:
    """A difficult object as COCO's rules do not miss it."""
    changed = {key: value for key, value in entry.items() if key != "ignore"}
    attributes = {**(entry.get("attributes") or {}), DIFFICULT: 1}
    return {**changed, "area": OUT_OF_EVERY_AREA_RANGE, "attributes": attributes}


def _short(value: float) -> float:
    """A whole number without its point."""
    return int(value) if value == round(value) else value
