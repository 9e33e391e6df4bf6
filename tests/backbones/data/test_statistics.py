"""The mean image of a data set."""

import numpy as np
import pytest

from backbones.data.folder import read_folder
from backbones.data.statistics import mean_image


def test_the_mean_image_is_of_evenly_spaced_images(root, views):
    images = read_folder(root, "train")  # 40..90, 0..30
    mean = mean_image(images, views())
    assert mean.shape == (8, 8, 3)
    assert np.array_equal(mean, np.full((8, 8, 3), 45.0))
    few = mean_image(images, views(), limit=3, threads=2)  # the images 0, 3 and 6: 40, 70, 0
    assert few[0, 0].tolist() == pytest.approx([110 / 3] * 3)


def test_the_mean_image_keeps_its_places(tmp_path, views):
    import cv2

    image = np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8)
    (tmp_path / "train" / "a").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "train" / "a" / "0.png"), image)
    mean = mean_image(read_folder(tmp_path, "train"), views(shorter_side_test=8))
    assert np.array_equal(mean, image[..., ::-1])
