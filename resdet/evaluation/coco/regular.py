"""A results file as programs write it, every entry alike: its numbers, without an object of each.

What is read at once is bounded, so that memory holds the columns and the file alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import orjson

from resdet.evaluation.detection_table import Float64Array
from resdet.structures.coco_values import FARTHEST
from resdet.structures.records import Int64Array

_KEYS = ("image_id", "category_id", "bbox", "score")
_AT_ONCE = 1 << 19  # bytes, which a processor's cache holds
_BLANKS = b" \t\n\r"
_IN_NUMBERS = b"0123456789.+-E"
_NOT_COUNTED = _BLANKS + _IN_NUMBERS  # what entries alike differ in
_QUOTES_BLANKED = bytes.maketrans(b'"', b" ")
_BESIDE_NUMBERS = bytes({*"".join(_KEYS).encode(), *b"{}[]:"})
_BY_DIGIT = np.frombuffer(b"0123456789.", np.uint8)


class Numbers(NamedTuple):
    """The columns of a results file in reading order.

    Shape: images, categories, scores (N,); boxes (N, 4) x, y, width, height.
    """

    images: Int64Array
    categories: Int64Array
    boxes: Float64Array
    scores: Float64Array


def read_regular(content: bytes) -> Numbers | None:
    """None where an entry has other keys, or another order of them, or anything is at fault."""
    begin, end = content.find(b"[") + 1, content.rfind(b"}") + 1
    if content[:begin].strip(_BLANKS) != b"[" or content[end:].strip(_BLANKS) != b"]":
        return None
    keys = sorted(_KEYS, key=lambda key: content.find(b'"%s"' % key.encode()))
    parts = []
    for text in _parts(content, begin, end):
        part = _numbers(text, keys)
        if part is None:
            return None
        parts.append(part)
    return Numbers(*map(np.concatenate, zip(*parts)))


def _parts(content: bytes, begin: int, end: int) -> Iterator[bytes]:
    """Whole entries, a comma before each."""
    comma = b","
    while begin < end:
        stop = content.find(b"}", min(begin + _AT_ONCE, end - 1), end) + 1
        yield comma + content[begin:stop]
        begin, comma = stop, b""


def _numbers(text: bytes, keys: list[str]) -> Numbers | None:
    entry = ",{" + ",".join(f'"{key}":{"[,,,]" * (key == "bbox")}' for key in keys) + "}"
    count = _entries_alike(text, entry.encode())
    if not count:
        text = _with_capitals(text)
        count = _entries_alike(text, entry.encode())
    if not count:
        return None
    blanked = text.translate(_QUOTES_BLANKED, _BESIDE_NUMBERS)
    try:
        flat = orjson.loads(b"[" + blanked.lstrip(b"," + _BLANKS) + b"]")
    except orjson.JSONDecodeError:  # such as "+1", ".5", a digit in a key or no number at all
        return None
    return _columns(flat, keys, count)


def _entries_alike(text: bytes, entry: bytes) -> int:
    """How many, all but their numbers being `entry`; 0 where anything else is there."""
    rest = text.translate(None, _NOT_COUNTED)
    count = len(rest) // len(entry)
    return count if rest == entry * count else 0


def _columns(flat: list[Any], keys: list[str], count: int) -> Numbers | None:
    width = len(keys) + 3
    place = {key: at + 3 * (at > keys.index("bbox")) for at, key in enumerate(keys)}
    ids = [flat[place[key] :: width] for key in _KEYS[:2]]
    values = np.fromiter(flat, np.float64, len(flat)).reshape(count, width)
    boxes = values[:, place["bbox"] : place["bbox"] + 4]
    scores = values[:, place["score"]]
    if any(set(map(type, column)) != {int} for column in ids):
        return None
    if not ((np.abs(boxes) <= FARTHEST).all() and (boxes[:, 2:] >= 0).all()):
        return None
    try:
        images, categories = (np.array(column, np.int64) for column in ids)
    except OverflowError:
        return None
    return Numbers(images, categories, boxes.copy(), scores.copy())


def _with_capitals(text: bytes) -> bytes:
    """Exponents as E, which no key holds."""
    letters = np.frombuffer(text, np.uint8).copy()
    places = np.flatnonzero(letters == ord("e"))
    letters[places[np.isin(letters[places - 1], _BY_DIGIT)]] = ord("E")
    return letters.tobytes()
