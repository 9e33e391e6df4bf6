"""The size that the head of a JPEG XL claims.

Source: ISO/IEC 18181-1, SizeHeader; 18181-2, the boxes `jxlc` and `jxlp`.
"""

from __future__ import annotations

import struct

_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))  # width to height, from 1 on
_WIDTHS = (9, 13, 18, 30)  # bits of a side


class _Bits:
    """The lowest first."""

    def __init__(self, data: bytes) -> None:
        self._number, self._left = int.from_bytes(data, "little"), 8 * len(data)

    def take(self, count: int) -> int:
        if count > self._left:
            raise struct.error("the head is cut")
        value = self._number & ((1 << count) - 1)
        self._number, self._left = self._number >> count, self._left - count
        return value


def jpeg_xl_size(data: bytes) -> tuple[int, int] | None:
    """(height, width) as stored. Raises: struct.error where it is cut."""
    at = 0 if data[:2] == b"\xff\x0a" else _codestream(data)
    if at is None or data[at : at + 2] != b"\xff\x0a":
        return None
    bits = _Bits(data[at + 2 : at + 18])
    small = bits.take(1)
    height = _side(bits, small)
    ratio = bits.take(3)
    if not ratio:
        return height, _side(bits, small)
    wide, high = _RATIOS[ratio - 1]
    return height, height * wide // high


def _side(bits: _Bits, small: int) -> int:
    return 8 * (bits.take(5) + 1) if small else bits.take(_WIDTHS[bits.take(2)]) + 1


def _codestream(data: bytes) -> int | None:
    """Where it begins in a file of boxes."""
    at = 0
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        head = 8
        if length == 1:
            (length,) = struct.unpack_from(">Q", data, at + 8)
            head = 16
        if name in (b"jxlc", b"jxlp"):
            return at + head + 4 * (name == b"jxlp")  # behind its number
        if length < head:
            return None
        at += length
    return None
