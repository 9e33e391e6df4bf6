"""Text on pictures: how wide it is, cut to its room, drawn."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]  # BGR

SMALLEST = 6.0  # pixels of a capital that can still be read
_FONT = cv2.FONT_HERSHEY_SIMPLEX
_FONT_HEIGHT = 21.0  # pixels of a capital at scale 1
_DRAWS_UNICODE = hasattr(cv2, "FontFace")  # since OpenCV 5


@dataclass(frozen=True)
class Lettering:
    """Letters whose capitals are so high, in strokes of a width; `measure` counts the stroke in.

    OpenCV 5 draws any script; before it, what is not ASCII is drawn as "?".
    Unit: pixels.
    """

    capital: float
    stroke: int = 0  # 0: a ninth of the capital

    @property
    def _stroke(self) -> int:
        return self.stroke or max(1, round(self.capital / 9))

    def measure(self, text: str) -> tuple[int, int, int]:
        """(width, height above the baseline, depth below it)."""
        scale = self.capital / _FONT_HEIGHT
        (width, height), drop = cv2.getTextSize(printable(text), _FONT, scale, self._stroke)
        return width, height, drop

    def cut(self, text: str, room: int) -> str:
        """The beginning of the text that fits, of one letter at least."""
        while len(text) > 1 and self.measure(text)[0] > room:
            text = text[:-1]
        return text

    def shortened(self, text: str, room: int) -> str:
        """The text, or where it does not fit its beginning and end around dots."""
        if self.measure(text)[0] <= room:
            return text
        for kept in range(len(text) - 1, 1, -1):
            short = f"{text[: kept - kept // 2]}...{text[len(text) - kept // 2 :]}"
            if self.measure(short)[0] <= room:
                return short
        return self.cut(text, room)

    def put(self, canvas: Image, text: str, left: int, baseline: int, ink: Colour) -> None:
        """Draw the text in place."""
        scale = self.capital / _FONT_HEIGHT
        where = (left, baseline)
        cv2.putText(canvas, printable(text), where, _FONT, scale, ink, self._stroke, cv2.LINE_AA)


def printable(text: str) -> str:
    """The text as this OpenCV draws it."""
    return text if _DRAWS_UNICODE else text.encode("ascii", "replace").decode()


def ink_on(colour: Colour) -> Colour:
    """Black or white, whichever stands out more: by the relative luminance of WCAG 2."""
    linear = (np.array(colour[::-1]) / 255.0) ** 2.2
    return (0, 0, 0) if float(linear @ [0.2126, 0.7152, 0.0722]) > 0.18 else (255, 255, 255)
