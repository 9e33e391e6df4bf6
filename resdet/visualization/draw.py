"""Boxes on images: one colour a class, legible from thumbnails to 6000 pixels."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from resdet.structures.boxes import areas
from resdet.visualization.lettering import SMALLEST, Colour, Image, Lettering, ink_on

# RGB. Seven of Okabe and Ito (2008); each of the others is the one farthest in CIELAB from all
# before it, as seen by normal eyes and (Machado et al. 2009) without red or green cones.
PALETTE: tuple[tuple[int, int, int], ...] = (
    (230, 159, 0),
    (86, 180, 233),
    (0, 158, 115),
    (240, 228, 66),
    (0, 114, 178),
    (213, 94, 0),
    (204, 121, 167),
    (102, 17, 255),
    (136, 255, 170),
    (85, 119, 255),
    (187, 17, 51),
    (85, 255, 255),
    (238, 170, 102),
    (136, 221, 187),
    (136, 68, 119),
    (17, 85, 187),
)

Tags = Literal["all", "names", "none"]
Line = Literal["solid", "dashed", "dotted"]
_PATTERN = {"dashed": (5, 3), "dotted": (1.3, 1.7)}  # on and off, in widths of the line


@dataclass(frozen=True)
class Mark:
    """A box to draw; without `text` it has no tag.

    Unit: pixels, continuous, 0-based, xyxy.
    """

    box: NDArray[np.floating]
    colour: Colour
    text: str = ""
    line: Line = "solid"


def colour_of(label: int) -> Colour:
    """BGR of a class; the palette repeats after 16, the tag carries the name."""
    red, green, blue = PALETTE[label % len(PALETTE)]
    return blue, green, red


def draw_detections(
    image: Image,
    boxes: NDArray[np.floating],
    labels: NDArray[np.integer],
    scores: NDArray[np.floating] | None,
    class_names: Sequence[str],
    threshold: float = 0.0,
    *,
    tags: Tags = "all",
) -> Image:
    """A copy of the image with boxes and tags, the surest on top; ground truth has no scores.

    Shape: (H, W, 3) BGR; (N, 4) xyxy; (N,); (N,) or None -> (H, W, 3).
    Unit: boxes in pixels of the image; those with a score under `threshold` are left out.
    """
    if scores is None:
        order = np.argsort(-areas(boxes), kind="stable")  # small boxes over large ones
    else:
        order = np.argsort(scores, kind="stable")
        order = order[scores[order] >= threshold]

    def text(i: int) -> str:
        name = class_names[int(labels[i])]
        if tags == "none":
            return ""
        return name if scores is None or tags == "names" else f"{name} {scores[i]:.2f}"

    return draw_marks(image, [Mark(boxes[i], colour_of(int(labels[i])), text(i)) for i in order])


def draw_marks(image: Image, marks: Sequence[Mark], line: int = 0) -> Image:
    """A copy of the image with the marks, the last on top; `line` pixels wide, or as fits it.

    A tag that would cover that of a later mark wherever it is put is left out: in a crowd the
    boxes are seen, and the tags that there are can be read.
    """
    canvas = np.ascontiguousarray(image).copy()
    style = _Style(canvas, line)
    for mark in marks:
        style.frame(canvas, mark.box, mark.colour, mark.line)
    taken: list[_Tag] = []
    placed: list[tuple[_Tag, Colour]] = []
    for mark in reversed(marks):  # the last has the first choice of its place
        tag = style.place(mark.box, mark.text, taken) if mark.text else None
        if tag is not None:
            taken.append(tag)
            placed.append((tag, mark.colour))
    for tag, colour in reversed(placed):
        style.tag(canvas, tag, colour)
    return canvas


@dataclass(frozen=True)
class _Tag:
    text: str
    letters: Lettering
    left: int
    top: int
    right: int
    bottom: int
    baseline: int

    def meets(self, other: _Tag) -> bool:
        beside = self.right < other.left or other.right < self.left
        return not (beside or self.bottom < other.top or other.bottom < self.top)


class _Style:
    """Sizes in pixels that grow with the image, slower than it: a viewer comes closer."""

    def __init__(self, image: Image, line: int = 0) -> None:
        self.height, self.width = image.shape[:2]
        growth = (float(np.hypot(self.height, self.width)) / 800) ** 0.8  # 1 at 640 x 480
        self.line = line or max(1, round(2 * growth))
        capital = max(SMALLEST, 11 * growth)
        self.letters = Lettering(capital)
        self.margin = max(1, round(capital / 3.5))

    def frame(
        self, canvas: Image, box: NDArray[np.floating], colour: Colour, line: Line = "solid"
    ) -> None:
        """A rectangle whose line lies inside the box and the image, between two dark hairlines."""
        x1, y1, x2, y2 = self._pixels(box)
        casing = _mix(colour, (0, 0, 0), 0.55)
        if line != "solid":
            pieces = list(self._pieces(x1, y1, x2, y2, *_PATTERN[line]))
            for grown, ink in ((1, casing), (0, colour)) if self.line > 1 else ((0, colour),):
                for left, top, right, bottom in pieces:
                    first, last = (left - grown, top - grown), (right + grown, bottom + grown)
                    cv2.rectangle(canvas, first, last, ink, cv2.FILLED)
            return
        steps = self.line + (2 if self.line > 1 else 0)
        for step in range(steps):
            left, top, right, bottom = x1 + step, y1 + step, x2 - step, y2 - step
            if right < left or bottom < top:
                break
            edge = self.line > 1 and step in (0, steps - 1)
            cv2.rectangle(canvas, (left, top), (right, bottom), casing if edge else colour, 1)

    def _pieces(
        self, x1: int, y1: int, x2: int, y2: int, on: float, off: float
    ) -> Iterator[tuple[int, int, int, int]]:
        """The dashes of a frame as rectangles of first and last pixels, whole at the corners."""
        inset = 1 if self.line > 1 else 0  # where the solid line has its first hairline
        x1, y1 = min(x1 + inset, x2), min(y1 + inset, y2)
        x2, y2 = max(x2 - inset, x1), max(y2 - inset, y1)
        thick = self.line - 1
        right, bottom = max(x1, x2 - thick), max(y1, y2 - thick)
        dash = max(1, round(on * self.line))
        for first, last in _dashes(x1, x2, dash, off * self.line):
            yield first, y1, last, min(y1 + thick, y2)
            yield first, bottom, last, y2
        for first, last in _dashes(y1, y2, dash, off * self.line):
            yield x1, first, min(x1 + thick, x2), last
            yield right, first, x2, last

    def place(
        self, box: NDArray[np.floating], text: str, taken: Sequence[_Tag] = ()
    ) -> _Tag | None:
        """The tag at the first of eight places where it covers no other, inside the image."""
        letters, text = self._fit(text)
        width, height, drop = letters.measure(text)
        tag_width, tag_height = width + 2 * self.margin, height + drop + 2 * self.margin
        x1, y1, x2, y2 = self._pixels(box)
        for left in (x1, x2 - tag_width + 1):
            left = max(0, min(left, self.width - tag_width))
            for top in (y1 - tag_height, y1, y2 - tag_height + 1, y2 + 1):
                top = max(0, min(top, self.height - tag_height))
                right = min(left + tag_width, self.width) - 1
                bottom = min(top + tag_height, self.height) - 1
                tag = _Tag(text, letters, left, top, right, bottom, top + self.margin + height)
                if not any(map(tag.meets, taken)):
                    return tag
        return None

    def tag(self, canvas: Image, tag: _Tag, colour: Colour) -> None:
        """Black or white text on the colour."""
        cv2.rectangle(canvas, (tag.left, tag.top), (tag.right, tag.bottom), colour, cv2.FILLED)
        tag.letters.put(canvas, tag.text, tag.left + self.margin, tag.baseline, ink_on(colour))

    def _fit(self, text: str) -> tuple[Lettering, str]:
        """Letters in which the text fits; cut where no legible ones do."""
        room = self.width - 2 * self.margin
        letters, width = self.letters, self.letters.measure(text)[0]
        if width > room:
            letters = Lettering(max(letters.capital * room / width, SMALLEST))
        return letters, letters.cut(text, room)

    def _pixels(self, box: NDArray[np.floating]) -> tuple[int, int, int, int]:
        """First and last pixels that the box covers, kept inside the image."""
        low = np.floor(np.asarray(box[:2], np.float64) + 0.5)
        high = np.ceil(np.asarray(box[2:], np.float64) - 0.5) - 1
        limit = np.array([self.width - 1, self.height - 1])
        x1, y1 = np.clip(low, 0, limit).astype(int).tolist()
        x2, y2 = np.clip(high, 0, limit).astype(int).tolist()
        return x1, y1, max(x1, x2), max(y1, y2)


def _dashes(first: int, last: int, dash: int, gap: float) -> Iterator[tuple[int, int]]:
    """First and last pixels of dashes from end to end, one at each end."""
    length = last - first + 1
    count = max(1, round((length - dash) / (dash + gap)))
    for i in range(count + 1):
        start = first + round(i * (length - dash) / count)
        yield max(start, first), min(start + dash - 1, last)


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    first, second, third = (round(p * (1 - share) + q * share) for p, q in zip(a, b))
    return first, second, third
