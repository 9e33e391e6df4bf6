"""Boxes on images: one colour a class, legible from thumbnails to 6000 pixels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from resdet.boxes import areas

Image = NDArray[np.uint8]
Colour = tuple[int, int, int]

# RGB. Seven of Okabe and Ito (2008); each of the others is the one farthest in CIELAB from all
# before it, as seen by normal eyes and (Machado et al. 2009) without red or green cones.
PALETTE: tuple[Colour, ...] = (
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

_FONT = cv2.FONT_HERSHEY_SIMPLEX
_DRAWS_UNICODE = hasattr(cv2, "FontFace")  # since OpenCV 5
_FONT_HEIGHT = 21.0  # pixels of a capital at scale 1
_SMALLEST_TEXT = 6.0  # pixels of a capital that can still be read


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
) -> Image:
    """A copy of the image with boxes and tags, the surest on top; ground truth has no scores.

    OpenCV 5 draws any script; before it, what is not ASCII in a class name is drawn as "?".

    Shape: (H, W, 3) BGR; (N, 4) xyxy; (N,); (N,) or None -> (H, W, 3).
    Unit: boxes in pixels of the image; those with a score under `threshold` are left out.
    """
    canvas = np.ascontiguousarray(image).copy()
    if scores is None:
        order = np.argsort(-areas(boxes), kind="stable")  # small boxes over large ones
    else:
        order = np.argsort(scores, kind="stable")
        order = order[scores[order] >= threshold]
    style = _Style(canvas)
    for i in order:
        style.frame(canvas, boxes[i], colour_of(int(labels[i])))
    tags: list[_Tag] = []
    for i in order[::-1]:  # the surest tag has the first choice of its place
        name = class_names[int(labels[i])]
        text = name if scores is None else f"{name} {scores[i]:.2f}"
        tags.append(style.place(boxes[i], text, tags))
    for i, tag in zip(order, tags[::-1]):
        style.tag(canvas, tag, colour_of(int(labels[i])))
    return canvas


@dataclass(frozen=True)
class _Tag:
    text: str
    scale: float
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

    def __init__(self, image: Image) -> None:
        self.height, self.width = image.shape[:2]
        growth = (float(np.hypot(self.height, self.width)) / 800) ** 0.8  # 1 at 640 x 480
        self.line = max(1, round(2 * growth))
        capital = max(_SMALLEST_TEXT, 11 * growth)
        self.scale = capital / _FONT_HEIGHT
        self.stroke = max(1, round(capital / 9))
        self.margin = max(1, round(capital / 3.5))

    def frame(self, canvas: Image, box: NDArray[np.floating], colour: Colour) -> None:
        """A rectangle whose line lies inside the box and the image, between two dark hairlines."""
        x1, y1, x2, y2 = self._pixels(box)
        casing = _mix(colour, (0, 0, 0), 0.55)
        steps = self.line + (2 if self.line > 1 else 0)
        for step in range(steps):
            left, top, right, bottom = x1 + step, y1 + step, x2 - step, y2 - step
            if right < left or bottom < top:
                break
            edge = self.line > 1 and step in (0, steps - 1)
            cv2.rectangle(canvas, (left, top), (right, bottom), casing if edge else colour, 1)

    def place(self, box: NDArray[np.floating], text: str, taken: Sequence[_Tag]) -> _Tag:
        """The tag at the first of four corners where it covers no other, inside the image."""
        text, scale, (width, height, drop) = self._fit(text)
        tag_width, tag_height = width + 2 * self.margin, height + drop + 2 * self.margin
        x1, y1, _, y2 = self._pixels(box)
        left = max(0, min(x1, self.width - tag_width))
        tags = []
        for top in (y1 - tag_height, y1, y2 - tag_height + 1, y2 + 1):
            top = max(0, min(top, self.height - tag_height))
            right = min(left + tag_width, self.width) - 1
            bottom = min(top + tag_height, self.height) - 1
            baseline = top + self.margin + height
            tags.append(_Tag(text, scale, left, top, right, bottom, baseline))
        return next((t for t in tags if not any(map(t.meets, taken))), tags[0])

    def tag(self, canvas: Image, tag: _Tag, colour: Colour) -> None:
        """Black or white text on the colour, whichever stands out more."""
        cv2.rectangle(canvas, (tag.left, tag.top), (tag.right, tag.bottom), colour, cv2.FILLED)
        ink = (0, 0, 0) if _luminance(colour) > 0.18 else (255, 255, 255)
        origin = (tag.left + self.margin, tag.baseline)
        cv2.putText(canvas, tag.text, origin, _FONT, tag.scale, ink, self.stroke, cv2.LINE_AA)

    def _fit(self, text: str) -> tuple[str, float, tuple[int, int, int]]:
        """The text and a scale at which it fits; cut where no legible scale does."""
        if not _DRAWS_UNICODE:
            text = text.encode("ascii", "replace").decode()
        room = self.width - 2 * self.margin
        scale = self.scale
        width = self._measure(text, scale)[0]
        if width > room:
            scale = max(scale * room / width, _SMALLEST_TEXT / _FONT_HEIGHT)
        while len(text) > 1 and self._measure(text, scale)[0] > room:
            text = text[:-1]
        return text, scale, self._measure(text, scale)

    def _measure(self, text: str, scale: float) -> tuple[int, int, int]:
        (width, height), drop = cv2.getTextSize(text, _FONT, scale, self.stroke)
        return width, height, drop

    def _pixels(self, box: NDArray[np.floating]) -> tuple[int, int, int, int]:
        """First and last pixels that the box covers, kept inside the image."""
        low = np.floor(np.asarray(box[:2], np.float64) + 0.5)
        high = np.ceil(np.asarray(box[2:], np.float64) - 0.5) - 1
        limit = np.array([self.width - 1, self.height - 1])
        x1, y1 = np.clip(low, 0, limit).astype(int).tolist()
        x2, y2 = np.clip(high, 0, limit).astype(int).tolist()
        return x1, y1, max(x1, x2), max(y1, y2)


def _mix(a: Colour, b: Colour, share: float) -> Colour:
    first, second, third = (round(p * (1 - share) + q * share) for p, q in zip(a, b))
    return first, second, third


def _luminance(colour: Colour) -> float:
    """Relative luminance of WCAG 2: above 0.18 black has the higher contrast."""
    linear = (np.array(colour[::-1]) / 255.0) ** 2.2
    return float(linear @ [0.2126, 0.7152, 0.0722])
