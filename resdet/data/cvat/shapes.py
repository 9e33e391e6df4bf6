"""The shapes of CVAT's XML, as boxes.

Source: CVAT's documentation, "XML annotation format", version 1.1.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
from collections.abc import Callable

import numpy as np

from resdet.data.annotated import DIFFICULT, Thing
from resdet.data.turned import ATTRIBUTE, angle_of
from resdet.data.validate import is_pixels, number_of

Box = tuple[float, float, float, float]
_FLAGS = {"true": True, "false": False}


def thing_of(shape: ET.Element) -> Thing | None:
    """The object that a shape is; None of points, lines and others that have no box.

    Raises: ValueError telling what its numbers must be.
    """
    read = _BOXES.get(shape.tag)
    if read is None:
        return None
    corners = read(shape)
    if not all(map(is_pixels, corners)):
        raise ValueError(
            f"{shape.tag} must have numbers of pixels, got {dict(shape.attrib)!s:.120}"
        )
    x1, y1, x2, y2 = corners
    near, far = (min(x1, x2), min(y1, y2)), (max(x1, x2), max(y1, y2))
    angle = angle_of(shape.get(ATTRIBUTE)) if shape.tag == "box" else 0.0
    name = (shape.get("label") or "").strip()
    if not name:
        raise ValueError(f"{shape.tag} must have a label, got {shape.get('label')!r}")
    return Thing(name, (*near, *far), shape.tag != "box", angle, _attributes(shape))


def _attributes(shape: ET.Element) -> dict[str, object]:
    """Those that its label has, and `occluded`."""
    found: dict[str, object] = {"occluded": 1} if shape.get("occluded") == "1" else {}
    for attribute in shape.findall("attribute"):
        name, text = attribute.get("name") or "", (attribute.text or "").strip()
        if name.lower() == DIFFICULT:
            name, text = DIFFICULT, {"1": "true", "0": "false"}.get(text, text.lower())
        found[name] = _FLAGS.get(text, text)
    return found


def _numbers(shape: ET.Element, *keys: str) -> list[float]:
    return [number_of(shape.get(key)) for key in keys]


def _of_box(shape: ET.Element) -> Box:
    x1, y1, x2, y2 = _numbers(shape, "xtl", "ytl", "xbr", "ybr")
    return x1, y1, x2, y2


def _of_polygon(shape: ET.Element) -> Box:
    pairs = [pair.split(",") for pair in (shape.get("points") or "").split(";")]
    if any(len(pair) != 2 for pair in pairs):
        return math.nan, math.nan, math.nan, math.nan
    x, y = ([number_of(pair[at]) for pair in pairs] for at in (0, 1))
    if not all(map(is_pixels, [*x, *y])):
        return math.nan, math.nan, math.nan, math.nan
    return min(x), min(y), max(x), max(y)


def _of_mask(shape: ET.Element) -> Box:
    """Around what is set in it: datumaro's masks are as large as the image.

    `rle`: lengths of runs along the rows, which are off and on in turn.
    """
    left, top, width, height = _numbers(shape, "left", "top", "width", "height")
    ends = np.cumsum(list(map(number_of, (shape.get("rle") or "").split(","))))
    if not (ends[-1] == width * height > 0):
        return left, top, left + width, top + height
    on = len(ends) // 2
    first, last = ends[: 2 * on : 2], ends[1 : 2 * on : 2] - 1
    first, last = first[last >= first], last[last >= first]
    if not len(first):
        return math.nan, math.nan, math.nan, math.nan
    whole = first // width != last // width  # runs that go on in the next row
    near, far = np.where(whole, 0, first % width), np.where(whole, width - 1, last % width)
    x1, x2 = float(near.min()), float(far.max()) + 1
    y1, y2 = float((first // width).min()), float((last // width).max()) + 1
    return left + x1, top + y1, left + x2, top + y2


def _of_ellipse(shape: ET.Element) -> Box:
    """Around it as it is turned: sqrt((rx cos)^2 + (ry sin)^2) to each side."""
    x, y, rx, ry = _numbers(shape, "cx", "cy", "rx", "ry")
    turn = math.radians(angle_of(shape.get(ATTRIBUTE)))
    cos, sin = math.cos(turn), math.sin(turn)
    wide, high = math.hypot(rx * cos, ry * sin), math.hypot(rx * sin, ry * cos)
    return x - wide, y - high, x + wide, y + high


_BOXES: dict[str, Callable[[ET.Element], Box]] = {
    "box": _of_box,
    "polygon": _of_polygon,
    "mask": _of_mask,
    "ellipse": _of_ellipse,
}
