"""(H, W, 3) uint8 arrays in BGR -> encoded images, of the kind that a name's suffix says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2

from backbones.images.decoding import Image


def encode_image(image: Image, suffix: str, settings: Sequence[int] = ()) -> bytes | None:
    """The bytes of a file; None of a kind that OpenCV does not write. `settings` are its own."""
    try:
        written, data = cv2.imencode(suffix, image, settings)
    except cv2.error:
        return None
    return data.tobytes() if written else None


def write_image(path: Path, image: Image, settings: Sequence[int] = ()) -> None:
    """Write by the suffix of the name.

    Raises: OSError if the suffix or the place cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        written = cv2.imwrite(str(path), image, settings)
    except cv2.error:
        written = False
    if not written:
        raise OSError(f"picture must be writable, got {path}; check its suffix and its folder")
