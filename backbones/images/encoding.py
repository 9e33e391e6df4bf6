"""(H, W, 3) uint8 arrays in BGR -> encoded images, of the kind that a name's suffix says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2

from backbones.files.atomic import write_bytes
from backbones.images.decoding import Image


def encode_image(image: Image, suffix: str, settings: Sequence[int] = ()) -> bytes | None:
    """The bytes of a file; None of a kind that OpenCV does not write. `settings` are its own."""
    try:
        written, data = cv2.imencode(suffix, image, settings)
    except cv2.error:
        return None
    return data.tobytes() if written else None


def write_image(path: Path, image: Image, settings: Sequence[int] = ()) -> None:
    """Write by the suffix of the name, whole or not at all.

    Raises: ValueError for a suffix that OpenCV does not write; WriteError.
    """
    data = encode_image(image, path.suffix, settings)
    if data is None:
        raise ValueError(f"picture must be of a kind that can be written, got {path}; rename it")
    write_bytes(path, data, synced=False)
