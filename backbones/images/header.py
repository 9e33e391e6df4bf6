"""How many pixels an image claims, read from its first bytes, before anything is decoded.

A PNG of a hundred bytes can ask its decoder for ten gigabytes. Only kinds whose size is known
from here are decoded at all; OpenCV's own bound, 2^30 pixels, stands behind.
"""

from __future__ import annotations

import os
import re
import struct
from collections.abc import Callable

from backbones.images import tiff
from backbones.images.jpeg import jpeg_size
from backbones.images.jpeg_xl import jpeg_xl_size
from backbones.images.kinds import JPEG_2000, PNM, PNM_HEAD, kind_of

MAX_PIXELS = 1 << 27  # 134 million, 400 MB as uint8 RGB: more than any camera's
MAX_PIXELS_VARIABLE = "RESDET_MAX_PIXELS"
Size = tuple[int, int]


def may_decode(data: bytes, name: str) -> bool:
    """Whether `data` begins as an image of a known kind; what follows may still be broken.

    Raises: ValueError with `name` if it claims more than MAX_PIXELS, or $RESDET_MAX_PIXELS.
    """
    size = header_size(data)
    if size is None:
        return False
    check_pixels(*size, name)
    return min(size) > 0


def check_pixels(height: int, width: int, name: str) -> None:
    """Raises: ValueError with `name` if there are more than `max_pixels`."""
    limit = max_pixels()
    if height * width > limit:
        raise ValueError(
            f"{name} must be an image of at most {limit:,} pixels, got {width} x {height} in its "
            f"header; cut it into tiles, or set {MAX_PIXELS_VARIABLE} to allow more"
        )


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

    Of a JPEG after the rotation of its EXIF, of all others as stored.
    """
    reader = _SIZES.get(kind_of(data))
    try:
        return reader(data) if reader is not None else None
    except struct.error:
        return None


def _png(data: bytes) -> Size | None:
    width, height = struct.unpack_from(">II", data, 16)
    return (height, width) if data[12:16] == b"IHDR" else None


def _gif(data: bytes) -> Size:
    width, height = struct.unpack_from("<HH", data, 6)
    return height, width


def _tga(data: bytes) -> Size:
    width, height = struct.unpack_from("<HH", data, 12)
    return height, width


def _pnm(data: bytes) -> Size | None:
    match = PNM.match(data[:PNM_HEAD])
    return (int(match[2]), int(match[1])) if match else None


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
    found = tiff.tags(data, (tiff.WIDTH, tiff.HEIGHT))
    return (found[tiff.HEIGHT], found[tiff.WIDTH]) if len(found) == 2 else None


def _jpeg_2000(data: bytes) -> Size | None:
    """Of the codestream itself: the box ahead of it is not what the decoder goes by."""
    at = data.find(JPEG_2000)
    if at < 0:
        return None
    right, bottom, left, top = struct.unpack_from(">IIII", data, at + 8)
    return max(0, bottom - top), max(0, right - left)


def _heif(data: bytes) -> Size | None:
    """The largest of the sizes in it: a picture's, its tiles', its transparency's."""
    sizes = [struct.unpack_from(">II", data, m.end() + 4) for m in re.finditer(b"ispe", data)]
    if not sizes:
        return None
    return max(height for _, height in sizes), max(width for width, _ in sizes)


_SIZES: dict[str, Callable[[bytes], Size | None]] = {
    "JPEG": jpeg_size,
    "PNG": _png,
    "WebP": _webp,
    "BMP": _bmp,
    "GIF": _gif,
    "TIFF": _tiff,
    "PNM": _pnm,
    "JPEG 2000": _jpeg_2000,
    "AVIF": _heif,
    "HEIC": _heif,
    "JPEG XL": jpeg_xl_size,
    "TGA": _tga,
}
