"""Image files: found by their stem, measured by their header, read in one orientation."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import BinaryIO

import cv2
import numpy as np
from numpy.typing import NDArray

# what cv2 decodes; the first wins where a stem has several
SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".jpe", ".jp2", ".avif"),
    *(".dib", ".ppm", ".pgm", ".pnm"),
)

_FRAME_HEADERS = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_EXIF = 0xE1
_ORIENTATION = 0x0112


def read_image(path: Path, *, rgb: bool = False) -> NDArray[np.uint8]:
    """The file as pixels, rotated as its EXIF says.

    Shape: (H, W, 3), BGR unless `rgb`.
    Raises: ValueError if the file is absent or no image.
    """
    try:
        order = cv2.IMREAD_COLOR_RGB if rgb else cv2.IMREAD_COLOR_BGR
        image = cv2.imdecode(np.fromfile(path, np.uint8), order)
    except (OSError, cv2.error):
        image = None
    if image is None:
        state = "an unreadable file" if path.exists() else "no file"
        raise ValueError(
            f"{path} must be an image, got {state}; restore it or drop it from the list"
        )
    return image  # type: ignore[return-value]


def image_size(path: Path) -> tuple[int, int]:
    """(height, width) after EXIF rotation; a JPEG is not decoded for it.

    Raises: ValueError if the file is absent or no image.
    """
    try:
        with open(path, "rb") as file:
            size = _jpeg_size(file)
    except (OSError, struct.error):
        size = None
    return size or read_image(path).shape[:2]


def images_by_stem(folder: Path) -> dict[str, Path]:
    """The images of a folder by the name without suffix."""
    found: dict[str, Path] = {}
    for entry in sorted(os.listdir(folder)):
        stem, suffix = os.path.splitext(entry)
        if suffix.lower() in SUFFIXES:
            known = found.get(stem)
            if known is None or _rank(suffix) < _rank(known.suffix):
                found[stem] = folder / entry
    return found


def _rank(suffix: str) -> int:
    return SUFFIXES.index(suffix.lower())


def _jpeg_size(file: BinaryIO) -> tuple[int, int] | None:
    """Walks the segments up to the frame header; None where the file is no JPEG."""
    if file.read(2) != b"\xff\xd8":
        return None
    rotated = False
    while True:
        prefix, marker = struct.unpack(">BB", file.read(2))
        if prefix != 0xFF:
            return None
        if marker == 0xFF:  # a fill byte
            file.seek(-1, os.SEEK_CUR)
            continue
        (length,) = struct.unpack(">H", file.read(2))
        if marker in _FRAME_HEADERS:
            _, height, width = struct.unpack(">BHH", file.read(5))
            return (width, height) if rotated else (height, width)
        payload = file.read(length - 2)
        if marker == _EXIF and payload.startswith(b"Exif\0\0"):
            rotated = _exif_orientation(payload[6:]) >= 5


def _exif_orientation(tiff: bytes) -> int:
    """The orientation of the first directory, 1 where none stands; 5 to 8 swap the sides."""
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
