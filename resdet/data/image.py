"""Image files: found by their stem, measured by their header, read in one orientation."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from backbones.data.header import may_decode
from backbones.data.jpeg import is_jpeg, jpeg_size

# what cv2 decodes; the first wins where a stem has several
SUFFIXES = (
    *(".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff", ".gif", ".jpe", ".jp2", ".avif"),
    *(".dib", ".ppm", ".pgm", ".pnm"),
)

_HEAD = 1 << 16  # bytes in which the size of nearly every JPEG stands


def read_image(path: Path, *, rgb: bool = False) -> NDArray[np.uint8]:
    """The file as pixels, rotated as its EXIF says.

    Shape: (H, W, 3), BGR unless `rgb`.
    Raises: ValueError if the file is absent, no image, or of too many pixels: see `header`.
    """
    try:
        order = cv2.IMREAD_COLOR_RGB if rgb else cv2.IMREAD_COLOR_BGR
        data = Path(path).read_bytes()
        known = may_decode(data, str(path))
        image = cv2.imdecode(np.frombuffer(data, np.uint8), order) if known else None
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
            head = file.read(_HEAD)
            size = jpeg_size(head) or (jpeg_size(head + file.read()) if is_jpeg(head) else None)
    except (OSError, struct.error):
        size = None
    return size or read_image(path).shape[:2]


def images_by_stem(folder: Path) -> dict[str, Path]:
    """The images of a folder, and of those in it, by the name without suffix: "001", "a/001"."""
    found: dict[str, Path] = {}
    for entry in files_below(folder, SUFFIXES):
        stem, suffix = os.path.splitext(entry)
        known = found.get(stem)
        if known is None or _rank(suffix) < _rank(known.suffix):
            found[stem] = folder / entry
    return found


def files_below(folder: Path, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Names relative to `folder` of the files that end so, sorted, without those in hidden folders.

    Raises: OSError if `folder` cannot be listed.
    """
    inner = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.lower().endswith(suffixes):
                yield entry.name
            elif not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False):
                inner.append(entry.name)
    for name in inner:
        yield from (f"{name}/{below}" for below in files_below(folder / name, suffixes))


def _rank(suffix: str) -> int:
    return SUFFIXES.index(suffix.lower())
