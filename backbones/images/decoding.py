"""Encoded images -> (H, W, 3) uint8 arrays, from files and from bytes alike."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from backbones.images.by_pillow import by_pillow, is_for_pillow, why_unread
from backbones.images.header import may_decode
from backbones.images.jpeg import is_jpeg, jpeg_size

Image = NDArray[np.uint8]
ChannelOrder = Literal["RGB", "BGR"]
# (height, width) of the whole image -> 1, 2, 4 or 8: by how much its decoder may shrink it
Reduction = Callable[[int, int], int]
_HEAD = 1 << 16  # bytes in which the size of nearly every JPEG stands
# OpenCV's reduced flags are grey, and colour by the order of channels beside them
_ORDERS = {"RGB": cv2.IMREAD_COLOR_RGB, "BGR": cv2.IMREAD_COLOR_BGR}
_REDUCED = {
    1: 0,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}


def read_image(
    path: Path | str, channel_order: ChannelOrder, reduction: Reduction | None = None
) -> Image:
    """The image of a file, turned as its EXIF says; `reduction` as `decode_image`.

    Shape: (H, W, 3).
    Raises: ValueError if the file is absent, no image, or of too many pixels: see `header`.
    """
    try:
        with open(path, "rb") as file:
            data = file.read()
    except OSError as error:
        state = "no file" if isinstance(error, FileNotFoundError) else error.strerror
        raise ValueError(
            f"{path} must be an image, got {state}; restore it or drop it from the list"
        ) from error
    return decode_image(data, str(path), channel_order, reduction)


def decode_image(
    data: bytes, name: str, channel_order: ChannelOrder, reduction: Reduction | None = None
) -> Image:
    """The image in a file's bytes, turned as its EXIF says.

    `reduction` is asked for JPEGs only, which are decoded at a part of their size by averaging in
    the transform's domain; see `reduced` for the size that it leaves.
    Shape: (H, W, 3).
    Raises: ValueError with `name`, also where it claims too many pixels: see `header`.
    """
    size = jpeg_size(data) if reduction is not None else None
    factor = reduction(*size) if reduction is not None and size is not None else 1
    image = decoded(data, name, channel_order, factor)
    if image is None:
        unknown = "an unreadable file; restore it or drop it from the list"
        raise ValueError(f"{name} must be an image, got {why_unread(data) or unknown}")
    return image


def decoded(
    data: bytes, name: str, channel_order: ChannelOrder = "RGB", factor: int = 1
) -> Image | None:
    """The pixels in a file's bytes; None of what is no image, or what its decoder gives up.

    A JPEG is decoded at 1 / `factor` of its size.
    Raises: ValueError with `name` where it claims too many pixels: see `header`.
    """
    if not may_decode(data, name) or why_unread(data):
        return None
    if is_for_pillow(data):
        found = by_pillow(data, name)
        if found is None or channel_order == "RGB":
            return found
        return np.ascontiguousarray(found[..., ::-1])
    flags = _ORDERS[channel_order] | _REDUCED[factor]
    try:
        return cv2.imdecode(np.frombuffer(data, np.uint8), flags)  # type: ignore[return-value]
    except cv2.error:
        return None


def reduced(height: int, width: int, factor: int) -> tuple[int, int]:
    """(height, width) of a JPEG that is decoded at 1 / `factor` of its size."""
    return -(-height // factor), -(-width // factor)


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
    return size or read_image(path, "BGR").shape[:2]
