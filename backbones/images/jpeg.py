"""What the head of a JPEG says, without decoding it."""

from __future__ import annotations

import struct

_FRAME_HEADERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ENDS = (0xD9, 0xDA)  # of the image, and of its headers
_WITHOUT_LENGTH = frozenset((0x01, *range(0xD0, 0xD9)))
_EXIF = 0xE1
_ORIENTATION = 0x0112


def is_jpeg(data: bytes) -> bool:
    """Whether `data` begins as a JPEG does."""
    return data[:2] == b"\xff\xd8"


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """(height, width) after the rotation of its EXIF; None where `data` begins as no JPEG does."""
    head = jpeg_head(data)
    if head is None:
        return None
    height, width, orientation = head
    return (width, height) if orientation >= 5 else (height, width)


def jpeg_head(data: bytes) -> tuple[int, int, int] | None:
    """(height, width) as stored, and EXIF's orientation, 1 to 8; None as in `jpeg_size`."""
    if not is_jpeg(data):
        return None
    at, orientation = 2, 1
    while at + 9 <= len(data):
        marker = data[at + 1]
        if data[at] != 0xFF or marker in (0x00, 0xFF):  # stray bytes, which decoders pass over
            at = data.find(b"\xff", at + 1)
            if at < 0:
                return None
            continue
        if marker in _ENDS:
            return None
        if marker in _WITHOUT_LENGTH:
            at += 2
            continue
        (length,) = struct.unpack_from(">H", data, at + 2)
        if marker in _FRAME_HEADERS:
            height, width = struct.unpack_from(">HH", data, at + 5)
            return height, width, orientation
        if marker == _EXIF and data[at + 4 : at + 10] == b"Exif\0\0":
            orientation = _orientation(data[at + 10 : at + 2 + length])
        at += 2 + length
    return None


def _orientation(tiff: bytes) -> int:
    """Of the first directory, 1 where none stands; 5 to 8 swap the sides."""
    order = "<" if tiff[:2] == b"II" else ">"
    try:
        (start,) = struct.unpack_from(order + "I", tiff, 4)
        (count,) = struct.unpack_from(order + "H", tiff, start)
        for entry in range(count):
            tag, _, _, value = struct.unpack_from(order + "HHIH", tiff, start + 2 + 12 * entry)
            if tag == _ORIENTATION:
                return int(value)
    except struct.error:
        pass
    return 1
