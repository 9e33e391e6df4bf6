"""Four images in one: where each lies, what is left of its boxes, and when there is one."""

import numpy as np
import pytest

from resdet.data.mosaic import GREY, MIDDLE, Mosaic, join
from resdet.data.transforms import TrainTransform


class Middle:
    """A generator that always draws the middle of a range."""

    def uniform(self, low, high):
        return (low + high) / 2


def tile(shade, *boxes, height=40, width=40):
    image = np.full((height, width, 3), shade, np.uint8)
    labels = np.full(len(boxes), shade, np.int64)
    return image, np.array(boxes, np.float32).reshape(-1, 4), labels


def test_a_corner_of_each_tile_lies_in_the_middle():
    whole = [0, 0, 40, 40]
    tiles = [tile(shade, whole) for shade in (1, 2, 3, 4)]
    image, boxes, labels = join(tiles, 100, 120, Middle())
    assert image.shape == (100, 120, 3)
    assert boxes.tolist() == [
        [20, 10, 60, 50],
        [60, 10, 100, 50],
        [20, 50, 60, 90],
        [60, 50, 100, 90],
    ]
    assert labels.tolist() == [1, 2, 3, 4]
    for (x1, y1, x2, y2), shade in zip(boxes.astype(int), labels):
        assert (image[y1:y2, x1:x2] == shade).all()
    assert (image == GREY).sum() == 3 * (100 * 120 - 4 * 40 * 40)


def test_what_reaches_beyond_the_canvas_is_cut():
    tiles = [
        tile(1, [0, 0, 40, 40], [0, 0, 20, 20], height=80, width=80),  # the second lies outside
        tile(2),
        tile(3),
        tile(4, [0, 0, 100, 20], [46, 0, 98, 10], height=20, width=100),
    ]
    image, boxes, labels = join(tiles, 100, 100, Middle())
    # the corner of the first at (-30, -30); of the last box 4 of 52 columns are left
    assert boxes.tolist() == [[50, 50, 100, 70]]
    assert labels.tolist() == [4]
    assert (image[:50, :50] == 1).all()
    assert boxes.dtype == np.float32


def test_a_fifth_of_a_box_is_enough():
    seen = tile(1, [0, 0, 40, 40], height=60, width=60)  # 30 of its rows and columns are left
    corner = tile(1, [0, 0, 45, 45], height=70, width=70)  # 25, more than a fifth of the area
    for first, expected in ((seen, [0, 0, 30, 30]), (corner, [0, 0, 25, 25])):
        _, boxes, _ = join([first, tile(2), tile(3), tile(4)], 100, 100, Middle())
        assert boxes.tolist() == [expected]


def mosaic(probability=0.5, draws=100):
    return Mosaic(TrainTransform([32], 64, flip=0.0), probability, draws)


def test_it_has_the_shape_that_its_first_image_has_alone():
    images = [tile(9, [10, 10, 40, 40], height=60, width=80), *(tile(n) for n in (2, 3, 4))]
    image, boxes, labels = mosaic().make(images, (0, 0, 0), np.random.default_rng(0))
    assert image.shape == (32, 43, 3)
    (left, _, right, _) = boxes[0]
    assert 8 < right - left < 30 * 32 / 60
    assert labels.tolist() == [9]
    again = mosaic().make(images, (0, 0, 0), np.random.default_rng(0))
    np.testing.assert_array_equal(image, again[0])
    other = mosaic().make(images, (0, 0, 0), np.random.default_rng(1))
    assert not np.array_equal(image, other[0])


def test_the_tiles_meet_within_limits():
    rng = np.random.default_rng(0)
    tiles = [tile(shade, height=200, width=200) for shade in (1, 2, 3, 4)]
    meet = [(join(tiles, 100, 100, rng)[0][:, :, 0] <= 2).sum() // 100 for _ in range(50)]
    low, high = (100 * part for part in MIDDLE)
    assert low <= min(meet) < 45
    assert 55 < max(meet) <= high


@pytest.mark.parametrize(("place", "share"), [(0, 0.3), (99, 0.3), (100, 0.0), (5000, 0.0)])
def test_mosaics_end_with_their_draws(place, share):
    rng = np.random.default_rng(0)
    found = np.mean([mosaic(0.3).is_due(place, rng) for _ in range(2000)])
    assert found == pytest.approx(share, abs=0.04)
