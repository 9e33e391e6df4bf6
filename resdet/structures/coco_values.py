"""What a value in COCO-form JSON means, however a tool writes it: "7" and 7.0 are 7.

All that reads an id, a box or a flag of that form reads it here.
"""

from __future__ import annotations

import math
from typing import Any

from resdet.structures.records import ImageId

LOWEST, HIGHEST = -(2**63), 2**63 - 1
FARTHEST = 1e100  # areas stay finite
FAULTS = (KeyError, TypeError, ValueError, OverflowError, AttributeError)  # of what is none
_FLAGS = {"0": 0, "1": 1, "false": 0, "true": 1}


def integer(value: Any) -> int:
    """Raises: one of `FAULTS` if it is no integer of 64 bits."""
    number = int(value)
    if "_" in value if isinstance(value, str) else number != value:
        raise ValueError("a fraction, or Python's way to write a number")
    if not LOWEST <= number <= HIGHEST:
        raise OverflowError("no int64")
    return number


def image_id(value: Any) -> ImageId:
    """Text as it is, for 007 is not 7; else as `integer`."""
    return value if isinstance(value, str) else integer(value)


def number(value: Any) -> float:
    """Raises: one of `FAULTS` if it is no finite number."""
    found = float(value)
    if not math.isfinite(found):
        raise ValueError("not finite")
    return found


def flag(value: Any) -> int:
    """Raises: one of `FAULTS` if it is neither yes nor no."""
    if isinstance(value, str):
        return _FLAGS[value.strip().lower()]
    if value not in (0, 1):
        raise ValueError("neither 0 nor 1")
    return int(value)


def called_difficult(attributes: Any) -> bool:
    """Whether an object's attributes say so, as CVAT writes them and we do."""
    told = attributes.get("difficult") if isinstance(attributes, dict) else False
    return told in (1, "1", "true")


def box(value: Any) -> list[float]:
    """Raises: one of `FAULTS` if it is no x, y, width, height with sizes not negative."""
    x, y, width, height = map(number, value)
    if min(width, height) < 0:
        raise ValueError("a negative size")
    if max(map(abs, (x, y, width, height))) > FARTHEST:
        raise ValueError("an area past every number")
    return [x, y, width, height]
