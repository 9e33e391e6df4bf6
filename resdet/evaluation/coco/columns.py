"""The columns of a list of JSON objects: read at once where all is sound, else one by one.

One by one takes several times as long, converts what can be, and names the entry at fault.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from resdet.evaluation.detection_table import Float64Array
from resdet.structures import coco_values
from resdet.structures.coco_values import FARTHEST, FAULTS, HIGHEST, LOWEST
from resdet.structures.records import BoolArray, ImageId, Int64Array

_REQUIRED = object()


def integers(entries: Sequence[Any], key: str, subject: str) -> Int64Array:
    """(N,) the integers of 64 bits under `key`.

    Raises: ValueError, begun by `subject`, naming the first entry where it is missing or
    something else; so do all of these.
    """
    return np.fromiter(_column(entries, key, _INTEGER, subject), np.int64, len(entries))


def image_ids(entries: Sequence[Any], key: str, subject: str) -> list[ImageId]:
    """Integers of 64 bits or strings."""
    return _column(entries, key, _IMAGE_ID, subject)


def texts(entries: Sequence[Any], key: str, subject: str) -> list[str]:
    """Strings."""
    return _column(entries, key, _TEXT, subject)


def optional_texts(entries: Sequence[Any], key: str, subject: str) -> list[str | None]:
    """Strings; None where absent."""
    return _column(entries, key, _TEXT, subject, absent=None)


def numbers(entries: Sequence[Any], key: str, subject: str) -> Float64Array:
    """(N,) finite numbers."""
    return np.fromiter(_column(entries, key, _NUMBER, subject), np.float64, len(entries))


def optional_numbers(entries: Sequence[Any], key: str, subject: str) -> Float64Array:
    """(N,) finite numbers; NaN where absent."""
    return np.array(_column(entries, key, _NUMBER, subject, absent=math.nan), np.float64)


def flags(entries: Sequence[Any], key: str, subject: str) -> BoolArray:
    """(N,) 0 or 1; 0 where absent."""
    return np.array(_column(entries, key, _FLAG, subject, absent=0), np.bool_)


def boxes(entries: Sequence[Any], subject: str) -> Float64Array:
    """(N, 4) x, y, width, height under "bbox"; sizes are not negative."""
    values = _column(entries, "bbox", _BOX, subject)
    flat = np.fromiter(chain.from_iterable(values), np.float64, 4 * len(values))
    return flat.reshape(-1, 4)


@dataclass(frozen=True)
class _Kind:
    """What a value must be: `read` converts one or raises; `sound` says that none needs it.

    Both may raise what `FAULTS` lists: then something is at fault.
    """

    expected: str
    read: Callable[[Any], Any]
    sound: Callable[[list[Any]], bool]


def _column(
    entries: Sequence[Any], key: str, kind: _Kind, subject: str, *, absent: Any = _REQUIRED
) -> list[Any]:
    """The value of `key` in each entry; `absent`, where that is given, for none or null."""
    try:
        if absent is _REQUIRED:
            values = known = [entry[key] for entry in entries]
        else:
            values = [absent if (v := entry.get(key)) is None else v for entry in entries]
            known = [value for value in values if value is not absent]
        if kind.sound(known):
            return values
    except FAULTS:
        pass
    return _one_by_one(entries, key, kind, subject, absent)


def _one_by_one(
    entries: Sequence[Any], key: str, kind: _Kind, subject: str, absent: Any
) -> list[Any]:
    values = []
    for number, entry in enumerate(entries):
        try:
            missing = absent is not _REQUIRED and entry.get(key) is None
            values.append(absent if missing else kind.read(entry[key]))
        except FAULTS:
            got = repr(entry.get(key)) if isinstance(entry, Mapping) else f"in {entry!r}"
            raise ValueError(
                f"{subject} {number}: {key} must be {kind.expected}, got {got[:80]}; "
                "repair the entry"
            ) from None
    return values


def _types(values: Sequence[Any]) -> set[type]:
    return set(map(type, values))


def _integers_sound(values: list[Any]) -> bool:
    if not values:
        return True
    return _types(values) == {int} and min(values) >= LOWEST and max(values) <= HIGHEST


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("no text")
    return value


def _texts_sound(values: list[Any]) -> bool:
    return _types(values) <= {str}


def _numbers_sound(values: list[Any]) -> bool:
    return _types(values) <= {float, int} and all(map(math.isfinite, values))


def _boxes_sound(values: list[Any]) -> bool:
    flat = list(chain.from_iterable(values))
    if not (set(map(len, values)) <= {4} and _types(flat) <= {float, int}):
        return False
    boxes = np.fromiter(flat, np.float64, len(flat)).reshape(-1, 4)
    return bool((np.abs(boxes) <= FARTHEST).all() and (boxes[:, 2:] >= 0).all())


_INTEGER = _Kind("an integer of 64 bits", coco_values.integer, _integers_sound)
_IMAGE_ID = _Kind(
    "an integer of 64 bits or a string",
    coco_values.image_id,
    lambda values: _texts_sound(values) or _integers_sound(values),
)
_TEXT = _Kind("a string", _text, _texts_sound)
_NUMBER = _Kind("a finite number", coco_values.number, _numbers_sound)
_FLAG = _Kind("0 or 1", coco_values.flag, lambda values: set(values) <= {0, 1})
_BOX = _Kind(
    f"finite [x, y, width, height] up to {FARTHEST:.0e} with sizes not negative",
    coco_values.box,
    _boxes_sound,
)
