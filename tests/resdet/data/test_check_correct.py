"""Boxes put right, and turned as their image is."""

from collections import Counter

import cv2
import numpy as np
import pytest

from backbones.images.inspect import ImageFacts
from resdet.data.check_boxes import Item
from resdet.data.check_correct import correct, turn


@pytest.mark.parametrize("orientation", range(1, 9))
def test_boxes_turn_as_the_image_does(tmp_path, turn_by_exif, orientation):
    pixels = np.zeros((40, 64, 3), np.uint8)
    pixels[8:16, 32:56] = 255
    path = tmp_path / "a.jpg"
    cv2.imwrite(str(path), pixels)
    turn_by_exif(path, orientation)
    upright = cv2.imread(str(path))[..., 0] > 127
    rows, columns = np.flatnonzero(upright.any(1)), np.flatnonzero(upright.any(0))
    seen = [columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]
    assert turn(np.array([[32.0, 8, 56, 16]]), (40, 64), orientation).tolist() == [seen]


@pytest.mark.parametrize(
    ("written", "size", "expected"),
    [
        ([49, 4, 10, 20], (40, 60), [10 - 1, 4, 50, 20]),  # xmin 50, xmax 10: both included
        ([-1, 4, 70, 20], (40, 60), [0, 4, 60, 20]),
        ([10, 10, 100, 20], (80, 120), [5, 5, 50, 10]),  # made of an image twice as large
        ([10, 10, 20, 20], (80, 120), [10, 10, 20, 20]),  # only its size is wrong
    ],
)
def test_a_box_is_put_right(written, size, expected):
    item = Item("a.xml", "a.jpg", size, ["cat"], np.array([written], np.float64))
    fixed = correct(item, ImageFacts("whole", (40, 60)), "voc", Counter())
    assert fixed.boxes.tolist() == [expected]
    assert fixed.keep.all()
    assert fixed.size == (40, 60)
