"""Means over a dataset."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
from numpy.typing import NDArray

from backbones.data.images import Images
from backbones.data.transforms import Views, centre_view
from backbones.machine.hardware import available_cores

_CHUNK = 256


def mean_image(
    images: Images, views: Views, *, limit: int = 10000, threads: int | None = None
) -> NDArray[np.float64]:
    """Mean of the centre views of at most `limit` evenly spaced images.

    Sums are whole numbers, so that every process and any number of threads finds the same.
    Shape: (size, size, 3), RGB.
    Unit: pixel in 0..255.
    Raises: ValueError if a file is unreadable.
    """
    count = min(limit, len(images))
    chosen = np.arange(count) * len(images) // count

    def add(indices: NDArray[np.int64]) -> NDArray[np.int64]:
        total = np.zeros((views.size, views.size, 3), np.int64)
        for index in indices:
            image = images.read(int(index))
            total += centre_view(image, size=views.size, shorter_side=views.shorter_side_test)
        return total

    chunks = [chosen[i : i + _CHUNK] for i in range(0, count, _CHUNK)]
    with ThreadPoolExecutor(threads or available_cores()) as pool:
        return sum(pool.map(add, chunks), np.zeros((), np.int64)) / count
