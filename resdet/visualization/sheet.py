"""A contact sheet: pictures in a grid, the name below each."""

from __future__ import annotations

import math
from pathlib import Path

import cv2
import numpy as np

from backbones.images.encoding import write_image
from resdet.visualization.judged import INK, PAPER
from resdet.visualization.lettering import Image, Lettering

MOST = 100  # pictures on a sheet; of more, every second, fourth, ... is shown
TILE = (360, 240)
_GAP = 16
_LETTERS = Lettering(9)
_LINE = 26  # of a name


class ContactSheet:
    """Takes any number of pictures, keeps small copies of at most MOST, evenly spread.

    Unit: `tile` in pixels at most, width and height of a copy.
    """

    def __init__(self, tile: tuple[int, int] = TILE) -> None:
        self._tile = tile
        self._tiles: list[tuple[str, Image]] = []
        self._every = 1
        self._seen = 0

    def __len__(self) -> int:
        return len(self._tiles)

    @property
    def left_out(self) -> int:
        """How many pictures it was given and does not show."""
        return self._seen - len(self._tiles)

    def add(self, name: str, picture: Image) -> None:
        """The next picture."""
        if self._seen % self._every == 0:
            self._tiles.append((name, _small(picture, self._tile)))
        self._seen += 1
        if len(self._tiles) > MOST:
            self._tiles = self._tiles[::2]
            self._every *= 2

    def draw(self) -> Image:
        """The grid, about as wide as high as a screen.

        Raises: ValueError where there is no picture.
        """
        if not self._tiles:
            raise ValueError("contact sheet must have a picture, got none")
        heights, widths = zip(*(tile.shape[:2] for _, tile in self._tiles))
        height, width = max(heights), max(widths)
        cell = height + _LINE + _GAP, width + _GAP
        columns = round(math.sqrt(len(self._tiles) * cell[0] / cell[1] * 16 / 9))
        columns = min(max(columns, 1), len(self._tiles))
        rows = -(-len(self._tiles) // columns)
        sheet = np.full((rows * cell[0] + _GAP, columns * cell[1] + _GAP, 3), PAPER, np.uint8)
        for number, (name, tile) in enumerate(self._tiles):
            row, column = divmod(number, columns)
            top, left = _GAP + row * cell[0], _GAP + column * cell[1]
            y, x = top + (height - tile.shape[0]) // 2, left + (width - tile.shape[1]) // 2
            sheet[y : y + tile.shape[0], x : x + tile.shape[1]] = tile
            text = _LETTERS.shortened(name, width)
            centred = left + (width - _LETTERS.measure(text)[0]) // 2
            _LETTERS.put(sheet, text, max(left, centred), top + height + 18, INK)
        return sheet

    def write(self, path: Path) -> None:
        """Raises: OSError if it cannot be written; ValueError where there is no picture."""
        write_image(path, self.draw())


def _small(picture: Image, tile: tuple[int, int]) -> Image:
    height, width = picture.shape[:2]
    scale = min(1.0, tile[0] / width, tile[1] / height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    resized = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.uint8)
