"""COCO's form, written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from resdet.data.writing import SHAPES, Picture, Splits, Told, each_picture, upright
from resdet.structures import boxes as box


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
    for picture in each_picture(splits):
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
    return {p.record.path: Path("images") / p.name for p in each_picture(splits)}


def _entries(picture: Picture, category_ids: Sequence[int], told: Told) -> list[dict[str, Any]]:
    truth = picture.truth
    rows = box.to_xywh(truth.boxes.astype(np.float64))
    made = []
    for at in upright(picture, told):
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
