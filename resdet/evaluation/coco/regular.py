"""A results file as programs write it, every entry alike: its numbers, without an object of each.

What is read at once is bounded, so that memory holds the columns alone.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import BinaryIO, NamedTuple

import numpy as np
import orjson

from resdet.evaluation.detection_table import Float64Array
from resdet.structures.coco_values import FARTHEST
from resdet.structures.records import Int64Array

_AT_ONCE = 1 << 19  # bytes, which a processor's cache holds
_LONGEST = 1 << 16  # of an entry
_PACKED = {"image_id": "q", "category_id": "q", "bbox": "4d", "score": "d"}  # see `struct`
_PACKED_LENGTH = 7  # numbers of 64 bits
_BLANKS = b" \t\n\r"
_IN_NUMBERS = b"0123456789.+-E"
_NOT_COUNTED = _BLANKS + _IN_NUMBERS  # what entries alike differ in
_QUOTES_BLANKED = bytes.maketrans(b'"', b" ")
_BESIDE_NUMBERS = bytes({*"".join(_PACKED).encode(), *b"{}[]:"})


class Numbers(NamedTuple):
    """The columns of a results file in reading order.

    Shape: images, categories, scores (N,); boxes (N, 4) x, y, width, height.
    """

    images: Int64Array
    categories: Int64Array
    boxes: Float64Array
    scores: Float64Array


def read_regular(file: BinaryIO) -> Numbers | None:
    """None where an entry has other keys, or another order of them, or anything is at fault."""
    keys: list[str] = []
    parts = []
    for text in _parts(file):
        keys = keys or sorted(_PACKED, key=lambda key: text.find(b'"%s"' % key.encode()))
        part = _columns(_packed(text, keys), keys)
        if part is None:
            return None
        parts.append(part)
    return Numbers(*map(np.concatenate, zip(*parts))) if parts else None


def _parts(file: BinaryIO) -> Iterator[bytes]:
    """Whole entries, a comma before each; nothing of a list that does not begin or end as one."""
    begin, rest = b"[", b""
    while content := file.read(_AT_ONCE):
        text = rest + content
        end = text.rfind(b"}") + 1
        rest = text[end:]
        if len(rest) > _LONGEST:
            break
        if end:
            own = text[:end].lstrip(_BLANKS)
            yield own.replace(begin, b",", 1) if own.startswith(begin) else b""
            begin = b","
    if rest.strip(_BLANKS) != b"]":
        yield b""


def _packed(text: bytes, keys: list[str]) -> bytes:
    """The numbers of the entries, 64 bits each; nothing where they are not alike."""
    entry = ",{" + ",".join(f'"{key}":{"[,,,]" * (key == "bbox")}' for key in keys) + "}"
    count = _entries_alike(text, entry.encode())
    if not count:
        text = text.replace(b"e-", b"E-")  # which no key holds
        count = _entries_alike(text, entry.encode())
    blanked = text.translate(_QUOTES_BLANKED, _BESIDE_NUMBERS)
    try:
        flat = orjson.loads(b"[" + blanked.lstrip(b"," + _BLANKS) + b"]")
        return struct.pack("=" + "".join(_PACKED[key] for key in keys) * count, *flat)
    except (orjson.JSONDecodeError, struct.error, OverflowError):
        return b""  # such as "+1", ".5", a digit in a key, a fraction for an id


def _entries_alike(text: bytes, entry: bytes) -> int:
    """How many, all but their numbers being `entry`; 0 where anything else is there."""
    rest = text.translate(None, _NOT_COUNTED)
    count = len(rest) // len(entry)
    return count if rest == entry * count else 0


def _columns(packed: bytes, keys: list[str]) -> Numbers | None:
    integers = np.frombuffer(packed, np.int64).reshape(-1, _PACKED_LENGTH)
    floats = integers.view(np.float64)
    place = {key: at + 3 * (at > keys.index("bbox")) for at, key in enumerate(keys)}
    boxes = floats[:, place["bbox"] : place["bbox"] + 4]
    if not len(boxes) or np.abs(boxes).max() > FARTHEST or boxes[:, 2:].min() < 0:
        return None
    images, categories = (integers[:, place[key]] for key in ("image_id", "category_id"))
    return Numbers(images, categories, boxes, floats[:, place["score"]])
