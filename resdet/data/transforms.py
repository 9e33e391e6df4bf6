"""What happens to an image and its boxes between disk and network: crop, colour, flip, resize."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any, cast

import cv2
import numpy as np
from numpy.typing import NDArray

from backbones.machine.versions import look_for_no_updates
from resdet.structures import boxes as box
from resdet.structures.records import Float32Array, Int64Array

Image = NDArray[np.uint8]
Augmented = tuple[Image, Float32Array, Int64Array]

MIN_SIDE = 1.0  # pixels of a box that augmentation may leave; anything thinner is dropped
MIN_VISIBLE = 0.2  # of a box's area that a crop may leave

# albumentations computes boxes as float32 fractions of the image, up to 2e-5 pixels off. On this
# grid its noise is gone: whole pixels stay whole.
_GRID = 4096
_MIRROR = np.array([-1, 1, -1, 1], np.float32)


def target_size(height: int, width: int, size: int, max_size: int) -> tuple[int, int]:
    """(height, width) with the shorter side `size`, or the longer `max_size` if that is less.

    Source: detectron2's ResizeShortestEdge, to the last bit: where a side ends in .5, the order
    of the multiplications decides.
    Deviation: a side is never 0.
    """
    if min(size, max_size) < 1:
        raise ValueError(f"size and max_size must be at least 1 pixel, got {size} and {max_size}")
    scale = size / min(height, width)
    new_height, new_width = (size, scale * width) if height < width else (scale * height, size)
    longer = max(new_height, new_width)
    if longer > max_size:
        scale = max_size / longer
        new_height, new_width = new_height * scale, new_width * scale
    return max(int(new_height + 0.5), 1), max(int(new_width + 0.5), 1)


def resize_shortest_edge(
    image: Image, boxes: Float32Array, size: int, max_size: int
) -> tuple[Image, Float32Array]:
    """The image at `target_size`, averaged when it shrinks, and its boxes with it.

    Shape: image (H, W, 3), boxes (N, 4).
    Deviation: detectron2 shrinks by Pillow's bilinear filter; pixels differ slightly.
    """
    height, width = image.shape[:2]
    new_height, new_width = target_size(height, width, size, max_size)
    if (new_height, new_width) != (height, width):
        shrinks = new_height < height or new_width < width
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        image = cv2.resize(image, (new_width, new_height), interpolation=way)  # type: ignore[assignment]
    scale = np.array([new_width / width, new_height / height] * 2)
    return image, (boxes * scale).astype(np.float32)


class TestTransform:
    """Resizes, and nothing else."""

    def __init__(self, size: int, max_size: int) -> None:
        self.size = size
        self.max_size = max_size

    def __call__(
        self, image: Image, boxes: Float32Array, labels: Int64Array, seed: Sequence[int] = (0,)
    ) -> Augmented:
        """The resized image and boxes; `seed` is for TrainTransform's sake."""
        return *resize_shortest_edge(image, boxes, self.size, self.max_size), labels


class TrainTransform:
    """Crop and colour by albumentations, a flip, then a resize to one of `min_sizes`.

    flip: probability. scale_jitter: range of a factor on the chosen size; `max_size` stays.
    color_jitter: brightness, contrast and saturation vary by factors in 1 -+ this.
    crop: least height and width of the crop, as fractions of the image; both are drawn up to 1.

    Boxes come back clipped; those under a pixel, or left by a crop with less than a fifth of their
    area, are dropped. An image may be left without any.

    Raises: ValueError for an argument out of its range.
    """

    def __init__(
        self,
        min_sizes: Sequence[int],
        max_size: int,
        *,
        flip: float = 0.5,
        scale_jitter: tuple[float, float] = (1.0, 1.0),
        color_jitter: float = 0.0,
        crop: tuple[float, float] | None = None,
    ) -> None:
        ranges = {
            "min_sizes": (bool(min_sizes) and min(min_sizes) >= 1, min_sizes, "at least 1 pixel"),
            "flip": (0 <= flip <= 1, flip, "a probability"),
            "scale_jitter": (
                0 < scale_jitter[0] <= scale_jitter[1],
                scale_jitter,
                "a rising range of factors above 0",
            ),
            "color_jitter": (0 <= color_jitter <= 1, color_jitter, "in [0, 1]"),
            "crop": (crop is None or (min(crop) > 0 and max(crop) <= 1), crop, "None or in (0, 1]"),
        }
        for name, (sound, value, expected) in ranges.items():
            if not sound:
                raise ValueError(f"{name} must be {expected}, got {value}; correct the setting")
        self.min_sizes = tuple(min_sizes)
        self.max_size = max_size
        self.flip = flip
        self.scale_jitter = scale_jitter
        self.color_jitter = color_jitter
        self.crop = crop
        if self._crops_or_colours:
            _albumentations()  # once here, rather than in every worker

    @property
    def _crops_or_colours(self) -> bool:
        return self.color_jitter > 0 or self.crop is not None

    def __call__(
        self,
        image: Image,
        boxes: Float32Array,
        labels: Int64Array,
        seed: Sequence[int],
        factor: float = 1.0,
    ) -> Augmented:
        """The same seed gives the same result; `factor` is one more on the chosen size.

        Shape: image (H, W, 3) RGB, boxes (N, 4), labels (N,).
        Unit: pixels of the image given, then of the image returned.
        """
        rng = np.random.default_rng(seed)
        size = int(rng.choice(self.min_sizes))
        size = max(int(size * rng.uniform(*self.scale_jitter) * factor + 0.5), 1)
        boxes = box.clip(boxes, *image.shape[:2]).astype(np.float32)
        if self._crops_or_colours:
            image, boxes, labels = self._augment(image, boxes, labels, rng)
        if rng.random() < self.flip:
            width = image.shape[1]
            image = cast(Image, cv2.flip(image, 1))
            boxes = boxes[:, [2, 1, 0, 3]] * _MIRROR + np.array([width, 0] * 2, np.float32)
        image, boxes = resize_shortest_edge(image, boxes, size, self.max_size)
        boxes = box.clip(boxes, *image.shape[:2])
        keep = np.isfinite(boxes).all(axis=1) & ~box.too_thin(boxes, MIN_SIDE)
        return image, boxes[keep], labels[keep]

    def _augment(
        self, image: Image, boxes: Float32Array, labels: Int64Array, rng: np.random.Generator
    ) -> Augmented:
        lib = _albumentations()
        steps: list[Any] = []
        if self.crop is not None:
            steps.append(lib.Crop(**_window(image, self.crop, rng), p=1.0))
        if self.color_jitter > 0:
            spread = (1 - self.color_jitter, 1 + self.color_jitter)
            steps.append(lib.ColorJitter(spread, spread, spread, hue=(0, 0), p=1.0))
        params = lib.BboxParams(
            "pascal_voc",
            label_fields=["labels"],
            clip=True,
            filter_invalid_bboxes=True,
            min_visibility=MIN_VISIBLE,
        )
        crops = self.crop is not None
        pipeline = lib.Compose(steps, bbox_params=params if crops else None)
        for step in steps:  # Compose would draw a seed of its own
            step.set_random_seed(int(rng.integers(2**31)))
        if not crops:
            return pipeline(image=image)["image"], boxes, labels
        out = pipeline(image=image, bboxes=boxes, labels=np.arange(len(boxes)))
        kept = np.asarray(out["labels"], np.int64)
        moved = np.asarray(out["bboxes"], np.float64).reshape(-1, 4)
        return out["image"], (np.round(moved * _GRID) / _GRID).astype(np.float32), labels[kept]


def _window(image: Image, least: tuple[float, float], rng: np.random.Generator) -> dict[str, int]:
    """A crop of random size and place. Source: detectron2's RandomCrop, "relative_range"."""
    height, width = image.shape[:2]
    tall = max(int(height * rng.uniform(least[0], 1) + 0.5), 1)
    wide = max(int(width * rng.uniform(least[1], 1) + 0.5), 1)
    y, x = int(rng.integers(height - tall + 1)), int(rng.integers(width - wide + 1))
    return {"x_min": x, "y_min": y, "x_max": x + wide, "y_max": y + tall}


def _albumentations() -> ModuleType:
    """Imported late, since it takes seconds, and told not to look for updates."""
    look_for_no_updates()
    import albumentations

    return albumentations
