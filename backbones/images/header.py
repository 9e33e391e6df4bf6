"""How many pixels an image claims, read from its first bytes, before anything is decoded.

A PNG of a hundred bytes can ask its decoder for ten gigabytes. Only kinds whose size is known
from here are decoded at all; OpenCV's own bound, 2^30 pixels, stands behind.
"""

from __future__ import annotations

import os
import re
import struct

from backbones.images.jpeg import jpeg_size

MAX_PIXELS = 1 << 27  # 134 million, 400 MB as uint8 RGB: more than any camera's
MAX_PIXELS_VARIABLE = "RESDET_MAX_PIXELS"
PNG = b"\x89PNG\r\n\x1a\n"  # its first bytes
Size = tuple[int, int]

_PNM = re.compile(rb"P[1-6](?:\s|#[^\n]*\n)+(\d{1,9})(?:\s|#[^\n]*\n)+(\d{1,9})\s")
_TIFF_TYPES = {3: "H", 4: "I", 16: "Q"}
_WIDTH, _HEIGHT = 256, 257  # tags of TIFF
_PNM_HEAD = 1 << 16  # bytes in which the sizes stand, behind comments


def may_decode(data: bytes, name: str) -> bool:
    """Whether `data` begins as an image of a known kind; what follows may still be broken.

    Raises: ValueError with `name` if it claims more than MAX_PIXELS, or $RESDET_MAX_PIXELS.
    """
    size = header_size(data)
    if size is None:
        return False
    height, width = size
    limit = max_pixels()
    if height * width > limit:
        raise ValueError(
            f"{name} must be an image of at most {limit:,} pixels, got {width} x {height} in its "
            f"header; cut it into tiles, or set {MAX_PIXELS_VARIABLE} to allow more"
        )
    return height > 0 and width > 0


def max_pixels() -> int:
    """Raises: ValueError if $RESDET_MAX_PIXELS is no positive whole number."""
    text = os.environ.get(MAX_PIXELS_VARIABLE, "")
    if not text:
        return MAX_PIXELS
    if not (text.isascii() and text.isdigit() and 0 < len(text) < 19 and int(text)):
        raise ValueError(
            f"{MAX_PIXELS_VARIABLE} must be a positive whole number of pixels, got {text!r}; "
            f"unset it for {MAX_PIXELS}"
        )
    return int(text)


def header_size(data: bytes) -> Size | None:
    """(height, width) that the header claims; None of no known kind, or where it is cut.

    JPEG (after the rotation of its EXIF), PNG, WebP, BMP, GIF, TIFF, PNM, JPEG 2000, AVIF.
    """
    try:
        if data[:8] == PNG:
            width, height = struct.unpack_from(">II", data, 16)
            return (height, width) if data[12:16] == b"IHDR" else None
        if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
            return _webp(data)
        if data[:2] == b"BM":
            return _bmp(data)
        if data[:6] in (b"GIF87a", b"GIF89a"):
            width, height = struct.unpack_from("<HH", data, 6)
            return height, width
        if data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
            return _tiff(data)
        if data[4:8] == b"jP  " or data[:4] == b"\xff\x4f\xff\x51":
            return _jpeg_2000(data)
        if data[4:12] in (b"ftypavif", b"ftypavis"):
            return _avif(data)
        match = _PNM.match(data[:_PNM_HEAD])
        return (int(match[2]), int(match[1])) if match else jpeg_size(data)
    except struct.error:
        return None


def _webp(data: bytes) -> Size | None:
    if data[12:16] == b"VP8X":  # three bytes each, less one
        width, height = (int.from_bytes(data[at : at + 3], "little") + 1 for at in (24, 27))
        return height, width
    if data[12:16] == b"VP8L" and data[20:21] == b"\x2f":
        (bits,) = struct.unpack_from("<I", data, 21)
        return ((bits >> 14) & 0x3FFF) + 1, (bits & 0x3FFF) + 1
    if data[12:16] == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", data, 26)
        return height & 0x3FFF, width & 0x3FFF
    return None


def _bmp(data: bytes) -> Size:
    (header,) = struct.unpack_from("<I", data, 14)
    width, height = struct.unpack_from("<HH" if header == 12 else "<ii", data, 18)
    return abs(height), abs(width)  # rows from top to bottom where it is negative


def _tiff(data: bytes) -> Size | None:
    """Of the first directory, which is the one that OpenCV decodes."""
    order = "<" if data[:2] == b"II" else ">"
    big = data[2:4] in (b"+\0", b"\0+")
    (at,) = struct.unpack_from(order + ("Q" if big else "I"), data, 8 if big else 4)
    (count,) = struct.unpack_from(order + ("Q" if big else "H"), data, at)
    entry = at + (8 if big else 2)
    found: dict[int, int] = {}
    for _ in range(min(count, 1 << 16)):
        tag, kind = struct.unpack_from(order + "HH", data, entry)
        if tag in (_WIDTH, _HEIGHT) and kind in _TIFF_TYPES:
            (found[tag],) = struct.unpack_from(
                order + _TIFF_TYPES[kind], data, entry + (12 if big else 8)
            )
        entry += 20 if big else 12
    return (found[_HEIGHT], found[_WIDTH]) if len(found) == 2 else None


def _jpeg_2000(data: bytes) -> Size | None:
    """Of the codestream itself: the box ahead of it is not what the decoder goes by."""
    at = data.find(b"\xff\x4f\xff\x51")
    if at < 0:
        return None
    right, bottom, left, top = struct.unpack_from(">IIII", data, at + 8)
    return max(0, bottom - top), max(0, right - left)


def _avif(data: bytes) -> Size | None:
    """The largest of the sizes in it: a picture's, its tiles', its transparency's."""
    sizes = [struct.unpack_from(">II", data, m.end() + 4) for m in re.finditer(b"ispe", data)]
    if not sizes:
        return None
    return max(height for _, height in sizes), max(width for width, _ in sizes)
