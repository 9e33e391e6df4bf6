"""Images of six shapes that hide each other, leave the image, and come in every size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

SHAPE_CLASSES = ("circle", "square", "triangle", "star", "cross", "ring")

EMPTY_SHARE = 0.05  # images without an object
MAX_OBJECTS = 5
DIAMETER = (0.18, 0.6)  # of the image side
DIFFICULT_BELOW = 0.3  # visible fraction
REMOVED_BELOW = 0.1

_FRACTION_BITS = 6  # sub-pixel corners for cv2
_Image = NDArray[np.uint8]
_Float = NDArray[np.float32]
_Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Shape:
    """One drawn object; `mask` is what can be seen of it and `visible` that share of the whole.

    Shape: mask (H, W).
    """

    name: str
    mask: _Mask
    visible: float
    truncated: bool

    @property
    def difficult(self) -> bool:
        """Too little can be seen to ask for it."""
        return self.visible < DIFFICULT_BELOW

    @property
    def xywh(self) -> tuple[int, int, int, int]:
        """The tight box of the visible pixels: x, y, width, height."""
        columns, rows = (np.flatnonzero(self.mask.any(axis=axis)) for axis in (0, 1))
        x, y = int(columns[0]), int(rows[0])
        return x, y, int(columns[-1]) + 1 - x, int(rows[-1]) + 1 - y


def draw_image(rng: np.random.Generator, size: int) -> tuple[_Image, list[Shape]]:
    """A square image and its objects, back to front.

    Shape: (size, size, 3), BGR.
    """
    ground = _background(rng, size)
    num_objects = 0 if rng.random() < EMPTY_SHARE else int(rng.integers(1, MAX_OBJECTS + 1))
    shapes = seen([_place(rng, size) for _ in range(num_objects)], size)
    for _, alpha in shapes:
        _paint(rng, ground, alpha)
    ground += 4 * rng.standard_normal(ground.shape, np.float32)
    image = np.clip(ground, 0, 255).astype(np.uint8)
    return image, [shape for shape, _ in shapes]


def seen(placed: Sequence[tuple[str, _Image]], size: int) -> list[tuple[Shape, _Image]]:
    """What the image shows of shapes placed back to front; those nearly hidden are left out.

    Shape: alpha (3 * size, 3 * size) in, its middle (size, size) out.
    """
    hidden = np.zeros((size, size), bool)
    kept: list[tuple[Shape, _Image]] = []
    middle = slice(size, 2 * size)
    for name, alpha in reversed(placed):  # the front first: it hides, and is not hidden
        whole = alpha >= 128
        inside = whole[middle, middle]
        mask = inside & ~hidden
        visible = float(mask.sum() / whole.sum())
        if visible >= REMOVED_BELOW:
            hidden |= inside
            shape = Shape(name, mask, visible, bool(inside.sum() < whole.sum()))
            kept.insert(0, (shape, alpha[middle, middle]))
    return kept


def _place(rng: np.random.Generator, size: int) -> tuple[str, _Image]:
    """A shape somewhere on a canvas three images wide and high, so that it is whole.

    Shape: alpha (3 * size, 3 * size) in [0, 255].
    """
    name = SHAPE_CLASSES[rng.integers(len(SHAPE_CLASSES))]
    low, high = np.log(DIAMETER)
    radius = size * np.exp(rng.uniform(low, high)) / 2
    centre = rng.uniform(0.08, 0.92, 2) * size + size
    angle = rng.uniform(0, 2 * np.pi)
    rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    alpha = np.zeros((3 * size, 3 * size), np.uint8)
    for outline, value in _outlines(name):
        points = outline @ rotation.T * radius + centre - 0.5  # cv2 counts from pixel centres
        fixed = np.round(points * 2**_FRACTION_BITS).astype(np.int32)
        cv2.fillPoly(alpha, [fixed], value, cv2.LINE_AA, _FRACTION_BITS)
    return name, alpha


def _outlines(name: str) -> list[tuple[NDArray[np.float64], int]]:
    """Polygons in the unit circle, each with the value it is filled with."""
    if name == "circle":
        return [(_polygon(72), 255)]
    if name == "ring":
        return [(_polygon(72), 255), (_polygon(72) * 0.55, 0)]
    if name == "square":
        return [(_polygon(4), 255)]
    if name == "triangle":
        return [(_polygon(3), 255)]
    if name == "star":
        points = _polygon(10)
        points[1::2] *= 0.42
        return [(points, 255)]
    return [(_cross(arm=0.32, reach=0.95), 255)]


def _cross(arm: float, reach: float) -> NDArray[np.float64]:
    quarter = np.array([(arm, -reach), (arm, -arm), (reach, -arm)])
    quarters = []
    for _ in range(4):
        quarters.append(quarter)
        quarter = np.stack([-quarter[:, 1], quarter[:, 0]], axis=1)
    return np.concatenate(quarters)


def _polygon(corners: int) -> NDArray[np.float64]:
    angles = np.arange(corners) * 2 * np.pi / corners
    return np.stack([np.sin(angles), -np.cos(angles)], axis=1)


def _colour(rng: np.random.Generator, saturation: tuple[int, int]) -> _Float:
    hsv = [rng.uniform(0, 180), rng.uniform(*saturation), rng.uniform(50, 255)]
    return cv2.cvtColor(np.array([[hsv]], np.uint8), cv2.COLOR_HSV2BGR)[0, 0].astype(np.float32)


def _gradient(
    rng: np.random.Generator, height: int, width: int, start: _Float, end: _Float
) -> _Float:
    """Two colours blending along a random direction."""
    angle = rng.uniform(0, 2 * np.pi)
    across = np.linspace(-0.5, 0.5, width, dtype=np.float32) * float(np.cos(angle))
    down = np.linspace(-0.5, 0.5, height, dtype=np.float32) * float(np.sin(angle))
    along = np.clip(across[None, :] + down[:, None] + 0.5, 0, 1)[..., None]
    return (start + (end - start) * along).astype(np.float32)


def _background(rng: np.random.Generator, size: int) -> _Float:
    """A gradient of muted colours under clouds, crossed by a few lines that are no objects."""
    colours = [_colour(rng, (0, 140)) for _ in range(2)]
    ground = _gradient(rng, size, size, *colours)
    for cells, light, tint in ((4, 14, 8), (14, 10, 5)):
        clouds = light * rng.standard_normal((cells, cells, 1), np.float32)
        clouds = clouds + tint * rng.standard_normal((cells, cells, 3), np.float32)
        ground += cv2.resize(clouds, (size, size), interpolation=cv2.INTER_CUBIC)
    for _ in range(rng.integers(0, 5)):
        ends = rng.integers(0, size, (2, 2)).tolist()
        cv2.line(ground, ends[0], ends[1], _colour(rng, (0, 140)).tolist(), 1, cv2.LINE_AA)
    return ground


def _paint(rng: np.random.Generator, ground: _Float, alpha: _Image) -> None:
    """Fills the shape with a shaded colour that stands out from what it covers, and a dark rim."""
    x, y, width, height = cv2.boundingRect(alpha)
    window = ground[y : y + height, x : x + width]
    padded = cv2.copyMakeBorder(alpha, 1, 1, 1, 1, cv2.BORDER_REPLICATE)
    inner = cv2.erode(padded, np.ones((3, 3), np.uint8))[1:-1, 1:-1]
    cover, core = (a[y : y + height, x : x + width, None] / np.float32(255) for a in (alpha, inner))
    covered = window.mean(axis=(0, 1))
    colours = [_colour(rng, (40, 255)) for _ in range(8)]
    colour = next((c for c in colours if np.linalg.norm(c - covered) > 90), 255 - covered)
    fill = _gradient(rng, height, width, colour, colour * float(rng.uniform(0.65, 1.0)))
    fill *= 0.6 + 0.4 * core
    window += (fill - window) * cover
