"""The shapes of LabelMe's JSON, as boxes.

Source: labelme 6.3's `_shape.py` and `_label_file.py`; AnyLabeling and X-AnyLabeling, whose
rectangles have four points, and whose shapes say `difficult`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from resdet.data.annotated import DIFFICULT, Thing
from resdet.data.validate import is_pixels

_WITHOUT_AREA = ("point", "points", "line", "linestrip")


def thing_of(shape: Mapping[str, Any]) -> Thing | None:
    """The object that a shape is; None of points and lines, which have no box.

    Raises: ValueError telling what must be there.
    """
    kind = shape.get("shape_type") or "polygon"  # labelme before 3.3 wrote no other
    if kind in _WITHOUT_AREA:
        return None
    label = shape.get("label")
    if not isinstance(label, str) or not label.strip():
        raise ValueError(f"label must be the name of a class, got {label!r:.80}")
    points = _points(shape.get("points"))
    if len(points) < (1 if kind == "polygon" else 2):
        raise ValueError(
            f"points of a {kind} must be pairs of pixels, got {shape.get('points')!r:.80}"
        )
    x, y = [float(p[0]) for p in points], [float(p[1]) for p in points]
    low, high = (min(x), min(y)), (max(x), max(y))
    if kind == "circle":  # its centre, and a point on it
        radius = math.hypot(x[1] - x[0], y[1] - y[0])
        low, high = (x[0] - radius, y[0] - radius), (x[0] + radius, y[0] + radius)
    if kind == "mask":  # its first and its last pixel
        high = (high[0] + 1, high[1] + 1)
    return Thing(label.strip(), (*low, *high), kind != "rectangle", attributes=_flags(shape))


def _flags(shape: Mapping[str, Any]) -> dict[str, Any]:
    """Those that are set."""
    flags = shape.get("flags")
    found = {name: True for name, on in flags.items() if on} if isinstance(flags, Mapping) else {}
    return {**found, DIFFICULT: True} if shape.get(DIFFICULT) is True else found


def _points(points: object) -> list[list[float]]:
    """None at all where one is no pair of pixels."""
    sound = isinstance(points, list) and all(map(_is_point, points))
    return points if sound and isinstance(points, list) else []


def _is_point(point: object) -> bool:
    return (
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(value, int | float) and is_pixels(value) for value in point)
    )
