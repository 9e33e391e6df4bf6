"""Annotations and results as columns. Found beside `adapters.py`, which is run by its path."""

from __future__ import annotations

from typing import Any

import numpy as np

Truth, Results, Numbers = dict[str, Any], list[dict[str, Any]], dict[str, float]
TWELVE = ["AP", "AP50", "AP75", "APs", "APm", "APl", "AR1", "AR10", "AR100", "ARs", "ARm", "ARl"]


def entries_of(entries: Any, image: dict[str, Any]) -> Any:
    return [entry for entry in entries if entry["image_id"] == image["id"]]


def corners_of(entries: Any) -> Any:
    boxes = np.array([entry["bbox"] for entry in entries], np.float64).reshape(-1, 4)
    return np.hstack([boxes[:, :2], boxes[:, :2] + boxes[:, 2:]])


def labels_of(entries: Any) -> Any:
    return column_of(entries, "category_id", np.int64)


def column_of(entries: Any, key: str, kind: Any = np.float64) -> Any:
    return np.array([entry.get(key, 0) for entry in entries], kind)
