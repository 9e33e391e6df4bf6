"""Encoded images -> (H, W, 3) uint8 RGB arrays, from files and from bytes alike."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from backbones.data.header import may_decode
from backbones.data.jpeg import jpeg_size

Image = NDArray[np.uint8]
# (height, width) of the whole image -> 1, 2, 4 or 8: by how much its decoder may shrink it
Reduction = Callable[[int, int], int]
IMAGE_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".webp"))
# OpenCV's reduced flags are grey, and colour by the order of channels beside them
_FLAGS = {
    1: cv2.IMREAD_COLOR_RGB,
    2: cv2.IMREAD_COLOR_RGB | cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_COLOR_RGB | cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_COLOR_RGB | cv2.IMREAD_REDUCED_GRAYSCALE_8,
}


def read_image(path: Path | str, reduction: Reduction | None = None) -> Image:
    """Return the image of a file. Raises: ValueError that names the file."""
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        raise ValueError(f"{path} must be a readable image, got {error.strerror}") from error
    return decode_image(data, str(path), reduction)


def decode_image(data: bytes, name: str, reduction: Reduction | None = None) -> Image:
    """Return the image as RGB, turned as its EXIF says.

    `reduction` is asked for JPEGs only, which are decoded at a part of their size by averaging in
    the transform's domain; see `reduced` for the size that it leaves.
    Raises: ValueError with `name`, also where it claims too many pixels: see `header`.
    """
    size = jpeg_size(data) if reduction is not None else None
    factor = reduction(*size) if reduction is not None and size is not None else 1
    try:
        known = may_decode(data, name)
        image = cv2.imdecode(np.frombuffer(data, np.uint8), _FLAGS[factor]) if known else None
    except cv2.error:
        image = None
    if image is None:
        raise ValueError(f"{name} must be a readable image; remove it or replace it")
    return image  # type: ignore[return-value]


def reduced(height: int, width: int, factor: int) -> tuple[int, int]:
    """(height, width) of a JPEG that is decoded at 1 / `factor` of its size."""
    return -(-height // factor), -(-width // factor)
