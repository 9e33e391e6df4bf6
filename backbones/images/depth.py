"""Images of 16 bits a channel, of which a decoder to 8 bits keeps the upper 8.

What has 12 bits or 10 in them is then nearly black: see `shift_of`.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from backbones.images import tiff
from backbones.images.kinds import JPEG_2000, PNM, PNM_HEAD, kind_of

EIGHT, SIXTEEN = 8, 16
_MAXIMUM = re.compile(rb"(?:\s|#[^\n]*\n)*(\d{1,5})\s")


def depth_of(data: bytes) -> int:
    """16 where a channel has more bits than 8 and is stored in 16; else 8."""
    try:
        return SIXTEEN if _bits(data) > EIGHT else EIGHT
    except struct.error:
        return EIGHT


def _bits(data: bytes) -> int:
    kind = kind_of(data)
    if kind == "PNG":
        return data[24] if len(data) > 24 else EIGHT
    if kind == "TIFF":
        found = tiff.tags(data, [tiff.BITS, tiff.FORMAT])
        whole = found.get(tiff.FORMAT, tiff.UNSIGNED) == tiff.UNSIGNED
        return found.get(tiff.BITS, 1) if whole else EIGHT
    if kind == "PNM" and data[1:2] in b"2356":
        head = data[:PNM_HEAD]
        sizes = PNM.match(head)
        most = _MAXIMUM.match(head, sizes.end()) if sizes else None
        return int(most[1]).bit_length() if most else EIGHT
    if kind == "JPEG 2000" and (at := data.find(JPEG_2000)) >= 0:
        (bits,) = struct.unpack_from("B", data, at + 42)  # Ssiz of the first component
        return SIXTEEN if (bits & 0x7F) + 1 == SIXTEEN else EIGHT  # others are scaled
    return EIGHT


def values_of(data: bytes) -> tuple[int, int] | None:
    """The least and the greatest value of the colours; None where there are no 16 bits.

    Raises: cv2.error, as the decoder does.
    """
    image = _deep(data)
    return None if image is None else (int(image.min()), int(image.max()))


def values_of_file(path: str) -> tuple[int, int] | None:
    """As `values_of`; None of a file that cannot be read."""
    try:
        return values_of(Path(path).read_bytes())
    except (OSError, cv2.error):
        return None


def shift_of(values: Iterable[tuple[int, int] | None]) -> int:
    """By how many bits images of these values are shifted to fit 8: 4 for the 12 of a camera.

    8, as a decoder does, where nothing is known of any.
    """
    most = max((greatest for _, greatest in filter(None, values)), default=0xFFFF)
    return max(0, most.bit_length() - EIGHT)


def shifted(data: bytes, shift: int) -> NDArray[np.uint8]:
    """(H, W, 3) BGR of an image of 16 bits, upright."""
    image = _deep(data)
    assert image is not None  # its head says so
    return np.minimum(image >> shift, 255).astype(np.uint8)


def _deep(data: bytes) -> NDArray[np.uint16] | None:
    flags = cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR  # in RGB, colours of a TIFF come out broken
    image = cv2.imdecode(np.frombuffer(data, np.uint8), flags)
    if image is None or image.dtype != np.uint16:
        return None
    return image  # type: ignore[return-value]
