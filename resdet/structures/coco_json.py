"""COCO-form JSON as it is written: of data, and of ground truth to score by COCO's rules."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from resdet.structures.boxes import FloatArray
from resdet.structures.records import BoolArray, ImageRecord, Int64Array

OUT_OF_EVERY_AREA_RANGE = -1  # an object of such an area is ignored, at the usual overlap


def coco_json(
    description: str,
    images: Iterable[tuple[int, str, ImageRecord]],
    objects: Sequence[dict[str, Any]] | None,
    category_ids: Iterable[int],
    class_names: Iterable[str],
) -> dict[str, Any]:
    """The whole file: (id, file name, record) of each image; no `objects`, no "annotations"."""
    content: dict[str, Any] = {
        "info": {"description": description},
        "images": [
            {"id": number, "file_name": name, "height": record.height, "width": record.width}
            for number, name, record in images
        ],
    }
    if objects is not None:
        content["annotations"] = objects
    named = zip(category_ids, class_names, strict=True)
    content["categories"] = [{"id": number, "name": name} for number, name in named]
    return content


def object_entries(
    images: Int64Array,
    categories: Int64Array,
    boxes: FloatArray,
    areas: FloatArray,
    crowd: BoolArray,
) -> list[dict[str, Any]]:
    """An entry of each object, numbered from 1.

    Shape: boxes (N, 4) x, y, width, height; all others (N,), ids of images and categories.
    """
    columns = (images, categories, boxes, areas, crowd.astype(np.int64))
    keys = ("id", "image_id", "category_id", "bbox", "area", "iscrowd")
    rows = zip(range(1, len(images) + 1), *(column.tolist() for column in columns))
    return [dict(zip(keys, row)) for row in rows]
