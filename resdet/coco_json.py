"""What both readers of COCO-form JSON, of data and of ground truth to score, agree on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def real_categories(content: Mapping[str, Any]) -> list[Any]:
    """The categories without the placeholder that Roboflow's export puts first.

    It names no objects: its id is 0, its supercategory "none", no annotation is of it, and others
    have its name as their supercategory.
    """
    categories: list[Any] = content["categories"]
    sound = [c for c in categories if isinstance(c, dict)]
    above = {str(c.get("supercategory")) for c in sound}
    held = [
        c
        for c in sound
        if c.get("id") == 0 and c.get("supercategory") == "none" and str(c.get("name")) in above
    ]
    if not held or len(sound) == 1:
        return categories
    annotations = content.get("annotations") or ()
    if any(isinstance(entry, dict) and entry.get("category_id") == 0 for entry in annotations):
        return categories
    return [category for category in categories if category is not held[0]]
