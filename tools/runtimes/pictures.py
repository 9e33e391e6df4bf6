"""The pictures that every runtime is shown: sizes that strain a graph, and photographs' sizes."""

from __future__ import annotations

import numpy as np

from backbones.images.decoding import Image

PHOTOGRAPHS = ((480, 640), (375, 500), (640, 427), (333, 500))  # height and width
STRANGE = ((1, 1), (1, 4000), (4000, 1), (3, 2), (4000, 3000))
_PATCH = 24  # pixels of one colour, under noise


def photographs(seed: int = 0) -> dict[str, Image]:
    """By width x height; speed is measured on these."""
    return {_name(size): _drawn(*size, seed + at) for at, size in enumerate(PHOTOGRAPHS)}


def strange(seed: int = 0) -> dict[str, Image]:
    """Of one pixel, of one row or column, larger than a camera's usual, and without a contrast."""
    drawn = {_name(size): _drawn(*size, seed + 10 + at) for at, size in enumerate(STRANGE)}
    return {**drawn, "grey": np.full((300, 400, 3), 114, np.uint8)}


def _name(size: tuple[int, int]) -> str:
    return f"{size[1]} x {size[0]}"


def _drawn(height: int, width: int, seed: int) -> Image:
    random = np.random.default_rng(seed)
    rows, columns = -(-height // _PATCH), -(-width // _PATCH)
    colours = random.integers(0, 200, (rows, columns, 3), np.uint8)
    patches = colours.repeat(_PATCH, 0).repeat(_PATCH, 1)[:height, :width]
    return np.asarray(patches + random.integers(0, 56, patches.shape, np.uint8))
