"""COCO's form, written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from resdet.data.writing import SHAPES, Picture, Splits, Told, each_picture, upright
from resdet.structures import boxes as box
from resdet.structures.coco_json import coco_json, object_entries


def write(
    root: Path,
    splits: Splits,
    class_names: Sequence[str],
    category_ids: Sequence[int],
    told: Told,
    whole_pixels: bool = False,
    description: str = "{split}, converted by resdet",
) -> dict[Path, Path]:
    """annotations/instances_<split>.json; entries that were COCO's stay as they are.

    VOC's `difficult` is "ignore", its other flags are "attributes".
    """
    (root / "annotations").mkdir()
    entries: dict[Path, list[dict[str, Any]]] = {}
    count = 0
    for picture in each_picture(splits):
        made = _entries(picture, np.array(category_ids, np.int64), told)
        for entry in made:
            count += 1
            entry.setdefault("id", count)
        entries[picture.record.path] = made
    for split, pictures in splits.items():
        known = any(picture.record.ground_truth is not None for picture in pictures)
        content = coco_json(
            description.format(split=split),
            ((p.number, p.name, p.record) for p in pictures),
            [e for p in pictures for e in entries[p.record.path]] if known else None,
            category_ids,
            class_names,
        )
        text = json.dumps(content, ensure_ascii=False)
        (root / "annotations" / f"instances_{split}.json").write_text(text, encoding="utf-8")
    return {p.record.path: Path("images") / p.name for p in each_picture(splits)}


def _entries(picture: Picture, category_ids: Any, told: Told) -> list[dict[str, Any]]:
    truth = picture.truth
    rows = box.to_xywh(truth.boxes.astype(np.float64))
    numbers = np.full(len(truth), picture.number)
    areas = rows[:, 2] * rows[:, 3]
    fresh = object_entries(numbers, category_ids[truth.labels], rows, areas, truth.crowd)
    made = []
    for at in upright(picture, told):
        detail, entry = picture.details[at], fresh[at]
        if "bbox" in detail.entry:
            made.append({**detail.entry, "image_id": picture.number})
            continue
        told.update([SHAPES] if detail.shape else [])
        del entry["id"]  # which is the file's
        entry |= {"bbox": list(map(_short, entry["bbox"])), "area": _short(entry["area"])}
        entry["segmentation"] = []
        entry.update({"ignore": 1} if truth.difficult[at] else {})
        entry.update({"attributes": detail.attributes} if detail.attributes else {})
        made.append(entry)
    return made


def _short(value: float) -> float:
    """A whole number without its point."""
    return int(value) if value == round(value) else value
