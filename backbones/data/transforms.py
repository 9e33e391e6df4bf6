"""Images as (H, W, 3) uint8 RGB arrays: read, scale, crop, flip."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]


def read_image(path: Path) -> Image:
    """Return the image as RGB, turned as its EXIF says. Raises: ValueError that names the file."""
    image = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError(f"{path} must be a readable image; remove it or replace it")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def scale_shorter_side(image: Image, size: int) -> Image:
    """Resize so that the shorter side is `size`; areas are averaged when shrinking."""
    height, width = image.shape[:2]
    factor = size / min(height, width)
    shape = (max(size, round(width * factor)), max(size, round(height * factor)))
    method = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
    return cv2.resize(image, shape, interpolation=method)


def crop(image: Image, top: int, left: int, size: int) -> Image:
    """(H, W, 3) -> (size, size, 3)."""
    return image[top : top + size, left : left + size]


def random_view(
    image: Image, rng: np.random.Generator, *, size: int, shorter_side: tuple[int, int], flip: bool
) -> Image:
    """Draw a scale from the closed range `shorter_side`, a crop of `size`, and perhaps a flip.

    Source: He et al. 2016, Section 3.4.
    """
    low, high = shorter_side
    image = scale_shorter_side(image, int(rng.integers(low, high + 1)))
    height, width = image.shape[:2]
    top, left = rng.integers(height - size + 1), rng.integers(width - size + 1)
    image = crop(image, int(top), int(left), size)
    if flip and rng.random() < 0.5:
        image = image[:, ::-1]
    return np.ascontiguousarray(image)


def centre_view(image: Image, *, size: int, shorter_side: int) -> Image:
    """Scale to `shorter_side` and take the centre."""
    image = scale_shorter_side(image, shorter_side)
    height, width = image.shape[:2]
    return np.ascontiguousarray(crop(image, (height - size) // 2, (width - size) // 2, size))
