"""Views of images: scale, crop, flip, colour; (H, W, 3) uint8 RGB in and out."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional
from torchvision.transforms import v2

from backbones.images.decoding import Image, reduced

# Of the covariance of ImageNet's RGB values, in 0..1; a column of vectors is an eigenvector.
# Source: fb.resnet.torch, datasets/imagenet.lua; Krizhevsky et al. 2012 print none.
EIGENVALUES = np.array([0.2175, 0.0188, 0.0045])
EIGENVECTORS = np.array(
    [[-0.5675, 0.7192, 0.4009], [-0.5808, -0.0045, -0.8140], [-0.5836, -0.6948, 0.4203]]
)
COLOR_STD = 0.1  # Source: Krizhevsky et al. 2012, Section 4.1.
# Source: Szegedy et al. 2015, Section 6.
AREA_RANGE = (0.08, 1.0)
RATIO_RANGE = (3 / 4, 4 / 3)


@dataclass(frozen=True)
class Views:
    """How an image is cut for the network.

    `crop`: "scale" is He's, a random shorter side, then a random place; "pad" is CIFAR's, `padding`
    pixels of `fill` around an image whose shorter side is `size`; "area" is Szegedy's, a random
    part of the image stretched to `size`. `erasing` is the probability of RandomErasing.
    Unit: pixels; `shorter_side_train` is a closed range; `fill` is RGB in 0..255.
    """

    size: int
    crop: Literal["scale", "pad", "area"]
    shorter_side_train: tuple[int, int]
    padding: int
    shorter_side_test: int
    flip: bool
    alexnet_color: bool
    trivial_augment: bool
    erasing: float
    fill: tuple[int, int, int] = (0, 0, 0)


class RandomView:
    """One random view of an image that is still to be read: crop, flip, colour, TrivialAugment and
    erasing, in this order, all drawn from `rng`.

    The crop is drawn when the size of the image is known, so that `reduction`, which a decoder may
    ask, tells how coarsely the image may be read: a view is never stretched for it.
    Shape: (H, W, 3) -> (size, size, 3).
    Source: the order of torchvision's references/classification/presets.py.
    """

    def __init__(self, views: Views, rng: np.random.Generator) -> None:
        self._views = views
        self._rng = rng
        self._whole: tuple[int, int] | None = None
        self._part: Part | None = None
        self._factor = 1

    def reduction(self, height: int, width: int) -> int:
        """1, 2, 4 or 8: by how much the image may be decoded smaller."""
        self._whole = height, width
        draw = _PARTS.get(self._views.crop)
        self._part = draw(height, width, self._views, self._rng) if draw else None
        spare = min(self._part.height, self._part.width) / self._views.size if self._part else 1
        self._factor = next(factor for factor in (8, 4, 2, 1) if factor <= spare or factor == 1)
        return self._factor

    def __call__(self, image: Image) -> Image:
        """Cut the view out of the image, whole or reduced."""
        views, rng = self._views, self._rng
        size = image.shape[:2]
        if self._whole is None or size != reduced(*self._whole, self._factor):
            self.reduction(*size)  # nobody has asked, or the decoder turns images otherwise
            self._factor = 1
        image = self._part.cut(image, self._factor, views.size) if self._part else image
        if views.crop == "pad":
            image = _crop_padded(image, views, rng)
        if views.flip and rng.random() < 0.5:
            image = cv2.flip(image, 1)
        if views.alexnet_color:
            image = shift_color(image, rng.normal(0, COLOR_STD, 3))
        if views.trivial_augment or views.erasing:
            image = _augment(image, views, int(rng.integers(2**63)))
        return np.ascontiguousarray(image)


def random_view(image: Image, views: Views, rng: np.random.Generator) -> Image:
    """`RandomView` of an image that is read. Shape: (H, W, 3) -> (size, size, 3)."""
    return RandomView(views, rng)(image)


def centre_view(image: Image, *, size: int, shorter_side: int) -> Image:
    """Scale to `shorter_side` and take the centre."""
    image = scale_shorter_side(image, shorter_side)
    height, width = image.shape[:2]
    return np.ascontiguousarray(crop(image, (height - size) // 2, (width - size) // 2, size))


def scale_shorter_side(image: Image, size: int) -> Image:
    """Resize so that the shorter side is `size`."""
    height, width = image.shape[:2]
    return _resize(image, *scaled_size(height, width, size))


def scaled_size(height: int, width: int, size: int) -> tuple[int, int]:
    """(height, width) when the shorter side is scaled to `size`."""
    factor = size / min(height, width)
    return max(size, round(height * factor)), max(size, round(width * factor))


def crop(image: Image, top: int, left: int, size: int) -> Image:
    """(H, W, 3) -> (size, size, 3)."""
    return image[top : top + size, left : left + size]


def shift_color(image: Image, amounts: NDArray[np.float64]) -> Image:
    """Add to every pixel the eigenvectors times `amounts` times the eigenvalues.

    Source: Krizhevsky et al. 2012, Section 4.1.
    """
    shift = np.rint(255 * EIGENVECTORS @ (amounts * EIGENVALUES))
    return cv2.add(image, (*shift.tolist(), 0))  # clipped


def draw_area(height: int, width: int, rng: np.random.Generator) -> tuple[int, int, int, int]:
    """(top, left, height, width) of a random part of the image; the centre where ten draws miss.

    Source: Szegedy et al. 2015, Section 6; torchvision's RandomResizedCrop, which draws the ratio
    by its logarithm and gives up after ten.
    """
    low, high = map(math.log, RATIO_RANGE)
    for _ in range(10):
        area = height * width * rng.uniform(*AREA_RANGE)
        ratio = math.exp(rng.uniform(low, high))
        h, w = round(math.sqrt(area / ratio)), round(math.sqrt(area * ratio))
        if 0 < h <= height and 0 < w <= width:
            top, left = rng.integers(height - h + 1), rng.integers(width - w + 1)
            return int(top), int(left), h, w
    h = min(height, round(width / RATIO_RANGE[0]))
    w = min(width, round(height * RATIO_RANGE[1]))
    return (height - h) // 2, (width - w) // 2, h, w


class Part(NamedTuple):
    """A rectangle of an image. Unit: its pixels, whole or not."""

    top: float
    left: float
    height: float
    width: float

    def cut(self, image: Image, factor: int, size: int) -> Image:
        """Stretch it to (size, size, 3); `image` is reduced by `factor`.

        Its edges move to whole pixels, by half a pixel at most.
        """
        top, bottom = _whole(self.top / factor, self.height / factor, image.shape[0])
        left, right = _whole(self.left / factor, self.width / factor, image.shape[1])
        return _stretch(image[top:bottom, left:right], size)


def _whole(first: float, length: float, limit: int) -> tuple[int, int]:
    end = min(limit, max(1, round(first + length)))
    return min(round(first), end - 1), end


def _draw_scaled(height: int, width: int, views: Views, rng: np.random.Generator) -> Part:
    """The part of the image that a crop of the scaled image shows: only that needs scaling.

    Source: He et al. 2016, Section 3.4.
    """
    low, high = views.shorter_side_train
    size = views.size
    tall, wide = scaled_size(height, width, int(rng.integers(low, high + 1)))
    top, left = rng.integers(tall - size + 1), rng.integers(wide - size + 1)
    y, x = height / tall, width / wide
    return Part(top * y, left * x, size * y, size * x)


def _draw_area(height: int, width: int, views: Views, rng: np.random.Generator) -> Part:
    return Part(*draw_area(height, width, rng))


_PARTS: dict[str, Callable[[int, int, Views, np.random.Generator], Part]] = {
    "scale": _draw_scaled,
    "area": _draw_area,
}


def _crop_padded(image: Image, views: Views, rng: np.random.Generator) -> Image:
    """Source: He et al. 2016, Section 4.2: 4 pixels of padding, a crop.

    Theirs are zeros around an image less the mean; a `fill` of the mean's colour is that within
    half a level. Deviation: a mean of each pixel they subtract before the crop, we after it.
    """
    image = scale_shorter_side(image, views.size)
    if views.padding:
        border = (views.padding,) * 4
        image = cv2.copyMakeBorder(image, *border, cv2.BORDER_CONSTANT, value=views.fill)
    height, width = image.shape[:2]
    top, left = rng.integers(height - views.size + 1), rng.integers(width - views.size + 1)
    return crop(image, int(top), int(left), views.size)


def _stretch(image: Image, size: int) -> Image:
    """(H, W, 3) -> (size, size, 3) within a level of `_resize` on average, and twice as fast.

    Where it shrinks, up to half, a blur of three taps widens the bilinear filter to Pillow's: the
    variance of a triangle that is f times as wide grows by (f^2 - 1) / 6.
    """
    factors = image.shape[1] / size, image.shape[0] / size
    if not 1 < max(factors) <= 2:
        return _resize(image, size, size)
    across, down = map(_widening, factors)
    blurred = cv2.sepFilter2D(image, -1, across, down, borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(blurred, (size, size), interpolation=cv2.INTER_LINEAR)


def _widening(factor: float) -> NDArray[np.float32]:
    side = (max(factor, 1.0) ** 2 - 1) / 12
    return np.array([side, 1 - 2 * side, side], np.float32)


def _resize(image: Image, height: int, width: int) -> Image:
    """Bilinear; over all pixels that fall into one, where the image shrinks.

    Source: Pillow's filter, and so that of torchvision's weights; within two levels of it.
    """
    if image.shape[:2] == (height, width):
        return image
    if height >= image.shape[0] and width >= image.shape[1]:
        return cv2.resize(image, (width, height), interpolation=cv2.INTER_LINEAR)
    # several times faster than OpenCV's INTER_AREA by a factor that is no whole number
    pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)[None]
    pixels = functional.interpolate(pixels, (height, width), mode="bilinear", antialias=True)
    return cv2.merge(list(pixels[0].numpy()))


def _augment(image: Image, views: Views, seed: int) -> Image:
    """TrivialAugment and erasing; only the CPU's generator is seeded, and put back."""
    pixels = torch.from_numpy(np.ascontiguousarray(image)).permute(2, 0, 1)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        for transform in _torchvision(views.trivial_augment, views.erasing, views.fill):
            pixels = transform(pixels)
    return pixels.permute(1, 2, 0).numpy()


@functools.cache
def _torchvision(
    trivial_augment: bool, erasing: float, fill: tuple[int, int, int]
) -> list[Callable[[Tensor], Tensor]]:
    """Source: Mueller and Hutter 2021; Zhong et al. 2020; torchvision's presets.py.

    Deviation: presets.py erases to the mean; here to `fill`, which is its nearest colour.
    """
    chosen: list[Callable[[Tensor], Tensor]] = []
    if trivial_augment:
        chosen.append(v2.TrivialAugmentWide(interpolation=v2.InterpolationMode.BILINEAR))
    if erasing:
        chosen.append(v2.RandomErasing(erasing, value=[float(value) for value in fill]))
    return chosen
