"""One image beside itself: what is there, and what was found, coloured by what became of it.

Colours, lines and words are those of the gallery.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from backbones.terminal.wording import count
from resdet.evaluation.analysis.errors import KINDS, MISSED, ErrorKinds, error_kinds
from resdet.evaluation.matches import Matches
from resdet.evaluation.voc.score import match_voc
from resdet.structures.records import Detections, GroundTruth
from resdet.visualization.draw import Line, Mark, draw_marks
from resdet.visualization.lettering import Colour, Image, Lettering

# RGB; gallery.css has the same
KIND_COLOURS = {
    "correct": (0x00, 0xB3, 0x89),
    "classification": (0xF0, 0xA3, 0x0A),
    "localisation": (0xF3, 0xE3, 0x3C),
    "both": (0xD8, 0x84, 0xB4),
    "duplicate": (0x5C, 0xBC, 0xF2),
    "background": (0xF0, 0x60, 0x2A),
    "missed": (0x3F, 0x7F, 0xFF),
    "ignored": (0x9A, 0xA1, 0xA9),
}
OBJECT: Colour = (255, 255, 255)
PAPER, INK, SOFT = (0xF7, 0xF5, 0xF4), (0x1D, 0x19, 0x16), (0x6D, 0x63, 0x5B)  # BGR
_SIDE = (480, 1600)  # pixels of a panel's longer side: small images grow, large ones shrink
_IOU = 0.5


@dataclass(frozen=True)
class Judged:
    """The panels of one image, and how many of each kind there are."""

    picture: Image
    counts: dict[str, int]


def draw_judged(
    image: Image,
    truth: GroundTruth,
    found: Detections,
    class_names: Sequence[str],
    *,
    title: str = "",
) -> Judged:
    """Ground truth to the left, detections to the right; found at IoU 0.5, as VOC judges.

    Shape: image (H, W, 3) BGR.
    """
    scale = _scale(image)
    panel = _scaled(image, scale)
    right, counts = _judged(panel, truth, found, class_names, scale)
    panels = draw_marks(panel, _truth_marks(truth, class_names, scale)), right
    heads = (f"ground truth: {count(len(truth), 'object')}", f"detections: {len(found)}")
    legend = {kind: f"{kind} {number}" for kind, number in counts.items()}
    return Judged(_compose(panels, heads, legend, title), counts)


def draw_both(
    image: Image,
    truth: GroundTruth,
    found: Mapping[str, Detections],
    class_names: Sequence[str],
) -> Image:
    """The detections of two detectors by name, the first to the left, each as `draw_judged` does.

    Shape: image (H, W, 3) BGR.
    """
    scale = _scale(image)
    panel = _scaled(image, scale)
    drawn = [_judged(panel, truth, one, class_names, scale) for one in found.values()]
    heads = [
        ": ".join(filter(None, (name, ", ".join(f"{k} {number}" for k, number in counts.items()))))
        for name, (_, counts) in zip(found, drawn, strict=True)
    ]
    legend = {kind: kind for kind in KINDS if any(kind in counts for _, counts in drawn)}
    return _compose([picture for picture, _ in drawn], heads, legend, "")


def _judged(
    panel: Image, truth: GroundTruth, found: Detections, class_names: Sequence[str], scale: float
) -> tuple[Image, dict[str, int]]:
    """The detections on the scaled image, and how many of each kind there are."""
    matches = match_voc({found.image_id: truth}, [found], class_names, thresholds=(_IOU,))
    kinds = error_kinds(matches)
    counts = {kind: number for kind, number in kinds.counts().items() if number}
    return draw_marks(panel, _found_marks(matches, kinds, scale)), counts


def _scaled(image: Image, scale: float) -> Image:
    resized = cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(resized, np.uint8)


def _scale(image: Image) -> float:
    side = max(image.shape[:2])
    low, high = _SIDE
    # whole factors keep the pixels of small images square
    return float(-(-low // side)) if side < low else min(1.0, high / side)


def _bgr(kind: str) -> Colour:
    red, green, blue = KIND_COLOURS[kind]
    return blue, green, red


def line_of(kind: str) -> Line:
    """Solid is right, dashed is false, dotted is missed."""
    if kind == "missed":
        return "dotted"
    return "solid" if kind in ("correct", "ignored") else "dashed"


def _truth_marks(truth: GroundTruth, class_names: Sequence[str], scale: float) -> list[Mark]:
    ignored = truth.difficult | truth.crowd
    sizes = np.prod(truth.boxes[:, 2:] - truth.boxes[:, :2], axis=1)
    marks = []
    for i in np.argsort(-sizes, kind="stable"):  # small boxes over large ones
        name = class_names[int(truth.labels[i])]
        word = " (crowd)" if truth.crowd[i] else " (difficult)" if ignored[i] else ""
        colour = _bgr("ignored") if ignored[i] else OBJECT
        marks.append(Mark(truth.boxes[i] * scale, colour, f"{name}{word}"))
    return marks


def _found_marks(matches: Matches, kinds: ErrorKinds, scale: float) -> list[Mark]:
    """What was missed below, then detections, the surest on top."""
    names = matches.class_names
    missed = np.flatnonzero(kinds.missed)
    marks = [
        _mark(matches.truth.boxes[i], MISSED, names[matches.truth.labels[i]], scale) for i in missed
    ]
    for i in np.argsort(matches.scores, kind="stable"):
        text = f"{names[matches.labels[i]]} {matches.scores[i]:.2f}"
        marks.append(_mark(matches.boxes[i], int(kinds.detections[i]), text, scale))
    return marks


def _mark(box: NDArray[np.floating], kind: int, text: str, scale: float) -> Mark:
    return Mark(box * scale, _bgr(KINDS[kind]), text, line_of(KINDS[kind]))


def _compose(
    panels: Sequence[Image], heads: Sequence[str], legend: Mapping[str, str], title: str
) -> Image:
    """Panels side by side, a head over each, below them the legend of what there is."""
    height, width = panels[0].shape[:2]
    capital = float(np.clip(min(max(height, width) / 48, width / 12), 10, 22))
    letters, small = Lettering(capital), Lettering(0.9 * capital)
    gap = round(1.2 * capital)
    head = round((4.6 if title else 2.8) * capital)
    whole = 2 * width + 3 * gap
    rows = _legend_rows(legend, small, whole - 2 * gap)
    foot = round(2.4 * capital) * max(1, len(rows)) + round(0.6 * capital)
    canvas = np.full((head + height + foot, whole, 3), PAPER, np.uint8)
    if title:
        text = letters.shortened(title, whole - 2 * gap)
        letters.put(canvas, text, gap, round(1.9 * capital), INK)
    for i, (panel, text) in enumerate(zip(panels, heads)):
        left = gap + i * (width + gap)
        canvas[head : head + height, left : left + width] = panel
        small.put(canvas, small.shortened(text, width), left, head - round(0.8 * capital), SOFT)
    for number, row in enumerate(rows):
        middle = head + height + round((1.5 + 2.4 * number) * capital)
        for kind, text, left in row:
            _swatch(canvas, kind, gap + left, middle, capital)
            baseline = middle + round(0.45 * capital)
            small.put(canvas, text, gap + left + round(2.6 * capital), baseline, INK)
    return canvas


def _legend_rows(
    legend: Mapping[str, str], letters: Lettering, room: int
) -> list[list[tuple[str, str, int]]]:
    """(kind, words, place from the left) in as many rows as it takes."""
    rows: list[list[tuple[str, str, int]]] = []
    left = room
    for kind, text in legend.items():
        width = round(4.4 * letters.capital / 0.9) + letters.measure(text)[0]
        if left + width > room or not rows:
            rows.append([])
            left = 0
        rows[-1].append((kind, text, left))
        left += width
    return rows


def _swatch(canvas: Image, kind: str, left: int, middle: int, capital: float) -> None:
    """A piece of the line in its colour, on the dark that makes every one of them seen."""
    width, height = round(2.0 * capital), round(0.62 * capital)
    corners = (left, middle - height), (left + width, middle + height)
    cv2.rectangle(canvas, *corners, (0x30, 0x2A, 0x26), cv2.FILLED)
    inner = canvas[middle - height : middle + height + 1, left : left + width + 1]
    pad = round(0.25 * capital)
    box = np.array([pad, pad, inner.shape[1] - pad, inner.shape[0] - pad], float)
    mark = Mark(box, _bgr(kind), "", line_of(kind))
    inner[:] = draw_marks(inner, [mark], line=max(2, round(capital / 7)))
