"""Questions to the content of files of other forms, whatever they hold."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from resdet.data.validate import number_of

_LOOKED_AT = 100  # entries of a list
_CRC_MASK = 0xA282EAD8
_CRC_POLYNOMIAL = 0x82F63B78  # Castagnoli's, reversed


def entries(value: object) -> Iterator[Mapping[str, Any]]:
    """The objects at the head of a list; none of another value."""
    listed = value[:_LOOKED_AT] if isinstance(value, list) else []
    return (one for one in listed if isinstance(one, dict))


def first_object(value: object) -> Mapping[str, Any]:
    """The first entry of a list of objects, else an empty one."""
    return next(entries(value), {})


def unlike_boxes(value: object) -> frozenset[str]:
    """The keys of COCO's annotations, where none of them has a box or an outline."""
    listed = list(entries(value.get("annotations"))) if isinstance(value, dict) else []
    keys = frozenset(key for one in listed for key in one)
    return frozenset() if keys & {"bbox", "segmentation"} else keys


def numbers(words: Sequence[str]) -> list[float]:
    """Those that are numbers."""
    return [value for value in map(number_of, words) if not math.isnan(value)]


def is_tf_record(head: bytes) -> bool:
    """Whether the checksum of the length of the first record is right.

    Source: TensorFlow's format of records: length, its masked CRC-32C, content.
    """
    if len(head) < 12:
        return False
    crc = _crc32c(head[:8])
    masked = ((crc >> 15 | crc << 17) + _CRC_MASK) & 0xFFFFFFFF
    return masked == struct.unpack("<I", head[8:12])[0]


def _crc32c(content: bytes) -> int:
    crc = 0xFFFFFFFF
    for byte in content:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (_CRC_POLYNOMIAL if crc & 1 else 0)
    return crc ^ 0xFFFFFFFF
