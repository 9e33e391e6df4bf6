"""Overlaps of boxes, by continuous corners and by those of a VOC file."""

import warnings

import numpy as np

from resdet.structures.boxes import around_turned, from_voc, iou, paired_iou, voc_iou


def test_overlaps_by_corners_of_the_file():
    rng = np.random.default_rng(0)
    lower = rng.integers(1, 30, (2, 500, 2)).astype(float)
    a, b = np.concatenate([lower, lower + rng.integers(-2, 30, (2, 500, 2))], axis=2)
    np.testing.assert_array_equal(voc_iou(a, b), paired_iou(from_voc(a), from_voc(b)))
    assert voc_iou(np.array([[1.0, 1, 10, 10]]), np.array([[1.0, 1, 10, 5]])).tolist() == [0.5]
    one = np.array([[5.0, 5, 5, 5]])  # a pixel
    assert voc_iou(one, one).tolist() == [1]
    none = np.array([[5.0, 5, 4, 4]])  # inclusive corners of no pixel
    assert voc_iou(none, none).tolist() == [0]
    for end in (1e200, 1e308):  # areas past the largest float; a warning would fail this test
        endless = np.array([[-end, -end, end, end], [-end, 1, end, 0]])
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert voc_iou(endless, np.repeat(one, 2, axis=0)).tolist() == [0, 0]


def test_pairs_and_grids_of_boxes_share_their_arithmetic():
    a = np.array([[0, 0, 10, 10], [0, 0, 10, 10], [5, 5, 5, 5], [9, 9, 1, 1]], np.float64)
    b = np.array([[0, 0, 10, 5], [5, 5, 15, 15], [5, 5, 5, 5], [0, 0, 10, 10]], np.float64)
    assert paired_iou(a, b).tolist() == [0.5, 25 / 175, 0, 0]  # the third empty, the last inverted
    np.testing.assert_array_equal(np.diag(iou(a, b)), paired_iou(a, b))
    assert iou(a[:3], b).shape == (3, 4)
    assert iou(a[:2], b)[1].tolist() == [0.5, 25 / 175, 0, 1]


def test_the_box_around_a_turned_one():
    rows = np.array([[40.0, 10, 50, 80], [0, 0, 10, 10], [0, 0, 10, 10], [0, 0, 4, 2]])
    around = around_turned(rows, np.array([90.0, 45, 0, -90]))
    assert around[0].tolist() == [10, 40, 80, 50]
    np.testing.assert_allclose(
        around[1], [5 - 50**0.5, 5 - 50**0.5, 5 + 50**0.5, 5 + 50**0.5], atol=1e-6
    )
    assert around[2].tolist() == [0, 0, 10, 10]
    assert around[3].tolist() == [1, -1, 3, 3]
