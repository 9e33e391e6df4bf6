"""Kinds of images that OpenCV does not read, or not as they are meant, read by Pillow.

A kind has one class of Pillow's, or of a plugin: what a file's name says opens no other.
"""

from __future__ import annotations

import importlib
import io
import struct
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backbones.images import tiff
from backbones.images.header import check_pixels
from backbones.images.kinds import FOREIGN, kind_of

_PLUGINS = {  # module and class, and what is to be installed for it
    "GIF": ("PIL.GifImagePlugin", "GifImageFile", "pillow"),
    "AVIF": ("PIL.AvifImagePlugin", "AvifImageFile", "pillow"),
    "TGA": ("PIL.TgaImagePlugin", "TgaImageFile", "pillow"),
    "TIFF": ("PIL.TiffImagePlugin", "TiffImageFile", "pillow"),
    "HEIC": ("pillow_heif", "HeifImageFile", "pillow-heif"),
    "JPEG XL": ("pillow_jxl.JpegXLImagePlugin", "JXLImageFile", "pillow-jxl-plugin"),
}
_ORIENTATION = 0x0112  # of EXIF


def is_for_pillow(data: bytes) -> bool:
    """Whether Pillow reads it; of TIFF those with transparency, which OpenCV mixes into colours."""
    kind = kind_of(data)
    if kind != "TIFF":
        return kind in _PLUGINS
    found = _tags(data, tiff.EXTRA, tiff.BITS)
    return tiff.EXTRA in found and found.get(tiff.BITS) == 8


def by_pillow(data: bytes, name: str) -> NDArray[np.uint8] | None:
    """The first picture in a file's bytes, upright; None where no plugin is there, or it gives up.

    Shape: (H, W, 3) RGB.
    Raises: ValueError with `name` where it claims too many pixels.
    """
    image = _opened(data)
    if image is None:
        return None
    check_pixels(image.height, image.width, name)
    try:
        if image.mode.startswith("I;16"):
            upper = np.asarray(image) >> 8
            return np.repeat(upper.astype(np.uint8)[..., None], 3, axis=2)
        return None if image.mode in ("I", "F") else upright_rgb(image)
    except Exception:  # plugins raise anything
        return None


def orientation_by_pillow(data: bytes) -> int:
    """EXIF's number of what the head of an AVIF asks for; of HEIC its decoder tells none."""
    image = _opened(data)
    return 1 if image is None else int(image.getexif().get(_ORIENTATION, 1))


def upright_rgb(image: Any) -> NDArray[np.uint8]:
    """A PIL image turned as its EXIF says, without transparency."""
    from PIL import ImageOps

    return np.array(ImageOps.exif_transpose(image).convert("RGB"))


def why_unread(data: bytes) -> str:
    """What stands in the way of a file that begins as an image and is not read, or ""."""
    kind = kind_of(data)
    if kind in _PLUGINS and _opener(kind) is None:
        package = _PLUGINS[kind][2]
        return f"{kind}, which needs a decoder: pip install {package}, or save it as JPEG or PNG"
    if kind == "TIFF":
        found = _tags(data, tiff.BITS, tiff.FORMAT)
        bits, form = found.get(tiff.BITS, 1), found.get(tiff.FORMAT, tiff.UNSIGNED)
        if form == tiff.FLOAT or bits > 16:
            what = "floats" if form == tiff.FLOAT else "whole numbers"
            return (
                f"a TIFF of {what} of {bits} bits, whose range nobody tells: scale it to 0..255 "
                "and save it in 8 bits"
            )
    return f"{kind}, which nothing here reads: save it as JPEG or PNG" if kind in FOREIGN else ""


def _opened(data: bytes) -> Any:
    opener = _opener(kind_of(data))
    try:
        return opener and opener(io.BytesIO(data))
    except Exception:  # plugins raise anything
        return None


def _opener(kind: str) -> Any:
    if kind not in _PLUGINS:
        return None
    module, name, _ = _PLUGINS[kind]
    try:
        plugin = importlib.import_module(module)
    except ImportError:
        return None
    return getattr(plugin, name) if getattr(plugin, "SUPPORTED", True) else None


def _tags(data: bytes, *wanted: int) -> dict[int, int]:
    try:
        return tiff.tags(data, wanted)
    except struct.error:
        return {}
