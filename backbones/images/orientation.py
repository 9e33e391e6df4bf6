"""Which way up an image is to be shown: EXIF's number, 1 as it is stored, to 8."""

from __future__ import annotations

import struct

from backbones.images import tiff
from backbones.images.by_pillow import orientation_by_pillow
from backbones.images.jpeg import jpeg_head
from backbones.images.kinds import kind_of

_EXIF = b"Exif\0\0"


def orientation_of(data: bytes) -> int:
    """What a decoder turns the pixels by; 1 where nothing is told, or a number that is none."""
    try:
        found = _told(data)
    except struct.error:
        return 1
    return found if 1 <= found <= 8 else 1


def _told(data: bytes) -> int:
    kind = kind_of(data)
    if kind == "JPEG":
        head = jpeg_head(data)
        return head[2] if head else 1
    if kind == "TIFF":
        return _of_tiff(data)
    if kind == "AVIF":
        return orientation_by_pillow(data)
    part = _of_png(data) if kind == "PNG" else _of_webp(data) if kind == "WebP" else b""
    return _of_tiff(part.removeprefix(_EXIF)) if part else 1


def _of_tiff(data: bytes) -> int:
    return tiff.tags(data, [tiff.ORIENTATION]).get(tiff.ORIENTATION, 1)


def _of_png(data: bytes) -> bytes:
    at = 8
    while at + 8 <= len(data):
        length, name = struct.unpack_from(">I4s", data, at)
        if name == b"eXIf":
            return data[at + 8 : at + 8 + length]
        at += 12 + length
    return b""


def _of_webp(data: bytes) -> bytes:
    at = 12
    while at + 8 <= len(data):
        name, length = struct.unpack_from("<4sI", data, at)
        if name == b"EXIF":
            return data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
    return b""
