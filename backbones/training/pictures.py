"""Pictures by which a classifier's training is watched: the same test images at each evaluation."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import torch
from matplotlib.backends.backend_agg import FigureCanvasAgg
from numpy.typing import NDArray
from torch import Tensor, nn

from backbones.data.images import Images
from backbones.data.loader import CentreImages
from backbones.data.transforms import Views
from backbones.training.boards import Picture
from backbones.training.curves import new_figure

RIGHT, WRONG = "#007A59", "#B84300"  # of the names
_COLUMNS = 4
_LONGEST = 18  # letters of a name


@torch.no_grad()
def picture_of_predictions(
    model: nn.Module,
    images: Images,
    views: Views,
    normalize: Callable[[Tensor], Tensor],
    class_names: Sequence[str],
    count: int,
) -> Picture:
    """`count` images spread evenly over all, with the name that the network gives each, how sure
    it is, and below it the true name where that is another. The model is in eval mode.

    Shape: (H, W, 3) RGB.
    """
    count = min(count, len(images))
    centres = CentreImages(images, views)
    samples = [centres[place * len(images) // count] for place in range(count)]
    batch = torch.from_numpy(np.stack([image for image, _ in samples]))
    shares, found = model(normalize(batch)).float().softmax(1).max(1)
    truth = [label for _, label in samples]
    return _draw(
        [image for image, _ in samples], truth, found.tolist(), shares.tolist(), class_names
    )


def _draw(
    images: Sequence[NDArray[np.uint8]],
    truth: Sequence[int],
    found: Sequence[int],
    shares: Sequence[float],
    class_names: Sequence[str],
) -> Picture:
    columns = min(_COLUMNS, len(images))
    rows = math.ceil(len(images) / columns)
    figure = new_figure(2.2 * columns, 2.7 * rows)
    grid = figure.subplots(rows, columns, squeeze=False)
    for axes in grid.flat:
        axes.axis("off")
    for axes, image, true, label, share in zip(grid.flat, images, truth, found, shares):
        axes.imshow(image, interpolation="nearest")
        text, colour = caption(true, label, share, class_names)
        axes.set_title(text, color=colour, fontsize="small", parse_math=False)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    drawn = np.asarray(canvas.buffer_rgba(), np.uint8)  # type: ignore[no-untyped-call]
    return np.ascontiguousarray(drawn[:, :, :3])


def caption(true: int, label: int, share: float, class_names: Sequence[str]) -> tuple[str, str]:
    """Two lines over an image, and their colour."""
    told = f"{_name(label, class_names)} {share:.2f}"
    if label == true:
        return f"{told}\n", RIGHT
    return f"{told}\nis {_name(true, class_names)}", WRONG


def _name(label: int, class_names: Sequence[str]) -> str:
    """A network may have more classes than the data has names."""
    name = class_names[label] if label < len(class_names) else f"class {label}"
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
