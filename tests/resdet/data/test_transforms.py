import subprocess
import sys

import numpy as np
import pytest

from resdet.data import transforms
from resdet.data.transforms import TrainTransform, resize_shortest_edge, target_size


def picture(height, width, seed=0):
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (height, width, 3), np.uint8)
    starts = rng.uniform(0, 0.6, (20, 2)) * [width, height]
    sides = rng.uniform(0.05, 0.4, (20, 2)) * [width, height]
    boxes = np.concatenate([starts, starts + sides], axis=1).astype(np.float32)
    return image, boxes, np.arange(20)


@pytest.mark.parametrize(
    ("given", "rule", "expected"),
    [
        ((480, 640), (600, 1000), (600, 800)),
        ((375, 500), (600, 1000), (600, 800)),
        ((500, 375), (600, 1000), (800, 600)),
        ((333, 500), (600, 1000), (600, 901)),  # 900.9
        ((200, 500), (600, 1000), (400, 1000)),  # 1500 exceeds 1000
        ((480, 640), (160, 160), (120, 160)),
        ((100, 100), (100, 200), (100, 100)),
        ((1, 5000), (600, 1000), (1, 1000)),  # 0.2 rounds to nothing
        # halves, which the order of the multiplications puts on one side or the other
        ((2000, 993), (800, 1000), (1000, 497)),
        ((993, 2000), (800, 1000), (497, 1000)),
        ((620, 1600), (600, 1000), (387, 1000)),
        ((381, 2032), (800, 1000), (187, 1000)),
        ((2400, 546), (600, 1000), (1000, 228)),
        ((117, 1200), (600, 1000), (97, 1000)),
    ],
)
def test_the_resize_rule_against_hand_values(given, rule, expected):
    assert target_size(*given, *rule) == expected
    image, _ = resize_shortest_edge(np.zeros((*given, 3), np.uint8), np.zeros((0, 4)), *rule)
    assert image.shape == (*expected, 3)


def test_boxes_follow_the_true_scale_of_each_side():
    _, boxes = resize_shortest_edge(
        np.zeros((333, 500, 3), np.uint8), np.array([[50, 33.3, 500, 333]]), 600, 1000
    )
    np.testing.assert_allclose(boxes, [[90.1, 60, 901, 600]], rtol=1e-6)
    assert boxes.dtype == np.float32


def test_shrinking_averages():
    image = np.zeros((64, 64, 3), np.uint8)
    image[:, ::4] = 200
    small, _ = resize_shortest_edge(image, np.zeros((0, 4)), 16, 100)
    assert (small == 50).all()


def test_boxes_that_shrink_under_a_pixel_go_with_their_labels():
    boxes = np.array([[0, 0, 50, 50], [10, 10, 14, 90], [20, 20, 60, 60]], np.float32)
    image = np.zeros((100, 100, 3), np.uint8)
    for flip in (0.0, 1.0):
        transform = TrainTransform([20], 100, flip=flip)
        _, kept, labels = transform(image, boxes, np.array([7, 8, 9]), [0])
        assert labels.tolist() == [7, 9]
        assert kept[:, 2:].max() <= 20
        assert len(kept) == 2


@pytest.mark.parametrize("width", [501, 640, 1333])
def test_flip_maps_x_to_width_minus_x_exactly(width):
    image, boxes, labels = picture(375, width)
    boxes = np.round(boxes * 4) / 4
    flip = TrainTransform([375], 2000, flip=1.0)
    flipped, moved, kept = flip(image, boxes, labels, [0])
    np.testing.assert_array_equal(flipped, image[:, ::-1])
    mirrored = boxes[:, [2, 1, 0, 3]] * [-1, 1, -1, 1] + [width, 0, width, 0]
    np.testing.assert_array_equal(moved, mirrored)
    np.testing.assert_array_equal(kept, labels)


def test_without_augmentation_the_boxes_are_untouched():
    image, boxes, labels = picture(375, 500)
    same = TrainTransform([375], 2000, flip=0.0)(image, boxes, labels, [0])
    np.testing.assert_array_equal(same[0], image)
    np.testing.assert_array_equal(same[1], boxes)


def test_a_crop_moves_clips_and_drops():
    """Every kept box shows the pixels it showed before; what was dropped shows too little."""
    height, width = 60, 80
    image = np.stack(np.broadcast_arrays(*np.indices((height, width)), 0), axis=2).astype(np.uint8)
    boxes = np.array([[x, y, x + 8, y + 8] for x in range(0, 72, 8) for y in range(0, 52, 8)])
    crop = TrainTransform([30], 10_000, flip=0.0, crop=(0.5, 0.5))
    counts = set()
    for seed in range(20):
        window = np.random.default_rng([seed])
        window.choice([30]), window.uniform(1, 1)
        box = transforms._window(image, (0.5, 0.5), window)
        crop.min_sizes = (min(box["y_max"] - box["y_min"], box["x_max"] - box["x_min"]),)
        out, moved, kept = crop(image, boxes.astype(np.float32), np.arange(len(boxes)), [seed])
        x0, y0 = int(out[0, 0, 1]), int(out[0, 0, 0])
        assert (x0, y0) == (box["x_min"], box["y_min"])
        tall, wide = out.shape[:2]
        limits = [x0, y0, x0 + wide, y0 + tall]
        low, high = np.maximum(boxes[:, :2], limits[:2]), np.minimum(boxes[:, 2:], limits[2:])
        visible = np.clip(high - low, 0, None).prod(axis=1) / 64
        sides = np.clip(high - low, 0, None).min(axis=1)
        expected = np.flatnonzero((visible >= 0.2) & (sides > 1))
        np.testing.assert_array_equal(kept, expected)
        shifted = np.concatenate([low, high], axis=1)[expected] - [x0, y0, x0, y0]
        np.testing.assert_array_equal(moved, shifted)
        counts.add(len(kept))
    assert len(counts) > 5


def test_labels_stay_with_their_boxes_under_a_crop():
    """albumentations 2.0.1 clips the column of labels as if it were one of pixels."""
    boxes = [[10, 10, 40, 40], [50, 10, 90, 40], [10, 50, 40, 90], [50, 50, 90, 90]]
    crop = TrainTransform([80], 1000, flip=0.0, crop=(0.9, 0.9))
    labels = np.array([3, 7, 11, 19])
    image = np.zeros((100, 100, 3), np.uint8)
    _, moved, kept = crop(image, np.array(boxes, np.float32), labels, [0])
    assert len(moved) == 4
    np.testing.assert_array_equal(kept, labels)


ALL = {"flip": 0.5, "scale_jitter": (0.7, 1.3), "color_jitter": 0.4, "crop": (0.4, 0.4)}


def test_the_same_seed_gives_the_same_result_and_others_differ():
    transform = TrainTransform([100, 120], 200, **ALL)
    sample = picture(90, 120)
    first, other = transform(*sample, [1, 2]), transform(*sample, [1, 3])
    again = TrainTransform([100, 120], 200, **ALL)(*sample, [1, 2])
    for a, b in zip(first, again):
        np.testing.assert_array_equal(a, b)
    assert first[0].shape != other[0].shape or (first[0] != other[0]).any()


def test_the_flip_is_not_tied_to_the_colour():
    """One seed for all steps would brighten every flipped image alike."""
    transform = TrainTransform([16], 64, flip=0.5, color_jitter=0.5)
    ramp = np.tile(np.linspace(60, 120, 32)[None, :, None], (16, 1, 3)).astype(np.uint8)
    light = {True: [], False: []}
    for seed in range(60):
        image, *_ = transform(ramp, np.zeros((0, 4), np.float32), np.zeros(0, int), [seed])
        light[bool(image[:, 0].mean() > image[:, -1].mean())].append(image.mean())
    assert min(map(len, light.values())) > 15
    for means in light.values():
        assert min(means) < 75
        assert max(means) > 105


def test_boxes_stay_inside_and_finite_under_everything():
    transform = TrainTransform([60, 80], 130, **ALL)
    image, boxes, labels = picture(90, 120)
    boxes[:5] += [60, 50, 60, 50]  # beyond the image
    lost = 0
    for seed in range(30):
        out, moved, kept = transform(image, boxes, labels, [seed])
        height, width = out.shape[:2]
        assert moved.dtype == np.float32
        assert np.isfinite(moved).all()
        assert (moved >= 0).all()
        assert (moved <= [width, height, width, height]).all()
        assert (moved[:, 2:] - moved[:, :2] > 1).all()
        assert len(moved) == len(kept)
        assert max(height, width) <= 130
        lost += len(labels) - len(kept)
    assert lost > 0


def test_images_without_boxes_are_kept():
    image, *_ = picture(90, 120)
    out, boxes, labels = TrainTransform([60], 130, **ALL)(
        image, np.zeros((0, 4), np.float32), np.zeros(0, np.int64), [0]
    )
    assert out.size
    assert boxes.shape == (0, 4)
    assert labels.shape == (0,)
    assert (boxes.dtype, labels.dtype) == (np.float32, np.int64)


def test_the_test_transform_only_resizes():
    image, boxes, labels = picture(90, 120)
    out = transforms.TestTransform(45, 100)(image, boxes, labels)
    assert out[0].shape == (45, 60, 3)
    np.testing.assert_allclose(out[1], boxes / 2)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"flip": 1.5}, "flip must be a probability, got 1.5"),
        ({"scale_jitter": (2, 1)}, "scale_jitter must be a rising range"),
        ({"color_jitter": -1}, "color_jitter must be in"),
        ({"crop": (0, 1)}, "crop must be None or in"),
        ({"min_sizes": []}, "min_sizes must be at least 1 pixel"),
    ],
)
def test_settings_out_of_range_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        TrainTransform(**{"min_sizes": [600], "max_size": 1000, **arguments})


def test_importing_does_not_import_albumentations():
    code = "import sys, resdet.data.transforms; sys.exit('albumentations' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
