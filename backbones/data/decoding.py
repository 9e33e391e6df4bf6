"""Encoded images -> (H, W, 3) uint8 RGB arrays, from files and from bytes alike."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
IMAGE_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".webp"))


def read_image(path: Path | str) -> Image:
    """Return the image of a file. Raises: ValueError that names the file."""
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"{path} must be a readable image, got {error.strerror}") from error
    return decode_image(data, str(path))


def decode_image(data: bytes, name: str) -> Image:
    """Return the image as RGB, turned as its EXIF says. Raises: ValueError with `name`."""
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # no bytes at all
        image = None
    if image is None:
        raise ValueError(f"{name} must be a readable image; remove it or replace it")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)
