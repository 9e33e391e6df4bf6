"""Ten images of two classes, as a folder; the values of one pixel of each."""

import cv2
import numpy as np
import pytest

from backbones.data.transforms import Views


@pytest.fixture
def views():
    """`views(size=8)`: plain views of 8 pixels, but for what is named."""

    def make(**changes):
        plain = {
            "size": 8,
            "crop": "scale",
            "shorter_side_train": (8, 12),
            "padding": 0,
            "shorter_side_test": 10,
            "flip": True,
            "alexnet_color": False,
            "trivial_augment": False,
            "erasing": 0.0,
        }
        return Views(**{**plain, **changes})

    return make


@pytest.fixture
def write():
    def write_grey(path, value=0, shape=(12, 16, 3)):
        path.parent.mkdir(parents=True, exist_ok=True)
        cv2.imwrite(str(path), np.full(shape, value, np.uint8))

    return write_grey


@pytest.fixture
def root(tmp_path, write):
    """Image i of ten has grey value 10 i; four are cats, six are ants."""
    for i in range(10):
        write(tmp_path / "train" / ("cat" if i < 4 else "ant") / f"{i}.png", 10 * i)
    write(tmp_path / "val" / "cat" / "0.PNG", 200)
    return tmp_path


@pytest.fixture
def greys():
    return lambda batches: [int(image[0, 0, 0]) for images, _ in batches for image in images]
