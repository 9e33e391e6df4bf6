"""Views of one image."""

import itertools
import math

import numpy as np
import pytest
import torch

from backbones.data import transforms
from backbones.data.transforms import (
    centre_view,
    draw_area,
    random_view,
    scale_shorter_side,
    shift_color,
)

MODERN = {"crop": "area", "alexnet_color": True, "trivial_augment": True, "erasing": 0.5}
IMAGE = np.random.default_rng(0).integers(0, 255, (20, 40, 3), np.uint8)


def generator(seed):
    return np.random.default_rng(seed)


@pytest.mark.parametrize("crop", ["scale", "pad", "area"])
@pytest.mark.parametrize("shape", [(30, 50, 3), (50, 30, 3), (7, 9, 3), (333, 1000, 3)])
def test_views_have_their_size(views, shape, crop):
    image = np.zeros(shape, np.uint8)
    assert min(scale_shorter_side(image, 16).shape[:2]) == 16
    plain = views(size=16, shorter_side_train=(16, 20), crop=crop, padding=4)
    assert random_view(image, plain, generator(0)).shape == (16, 16, 3)
    assert centre_view(image, size=16, shorter_side=16).shape == (16, 16, 3)


@pytest.mark.parametrize(
    "changes",
    [{}, {"crop": "pad", "padding": 2}, {"crop": "area"}, MODERN],
)
def test_random_views_differ_and_a_seed_repeats_them(views, changes):
    chosen = views(**changes)
    state = torch.get_rng_state()
    torch.manual_seed(5)
    first = [random_view(IMAGE, chosen, generator(s)) for s in (1, 1, 2, 3)]
    torch.manual_seed(6)
    assert np.array_equal(first[0], first[1])
    assert not np.array_equal(first[0], first[2])
    assert np.array_equal(first[3], random_view(IMAGE, chosen, generator(3)))
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    random_view(IMAGE, chosen, generator(3))
    assert torch.equal(torch.rand(1), expected)  # nothing was drawn from torch's stream
    torch.set_rng_state(state)


def test_half_of_the_views_are_flipped(views):
    ramp = np.repeat(np.arange(8, dtype=np.uint8)[None, :, None], 8, 0).repeat(3, 2)
    firsts = {
        flip: [
            random_view(ramp, views(shorter_side_train=(8, 8), flip=flip), generator(s))[0, 0, 0]
            for s in range(60)
        ]
        for flip in (True, False)
    }
    assert 18 < firsts[True].count(7) < 42
    assert firsts[True].count(0) + firsts[True].count(7) == 60
    assert set(firsts[False]) == {0}


def test_padded_crops_fall_on_every_place_and_show_the_fill(views):
    image, fill = IMAGE[:8, :8], (1, 2, 3)
    padded = np.full((12, 12, 3), fill, np.uint8)
    padded[2:10, 2:10] = image
    chosen = views(crop="pad", padding=2, flip=False, fill=fill)
    drawn = set()
    for seed in range(300):
        view = random_view(image, chosen, generator(seed))
        drawn |= {
            (top, left)
            for top, left in itertools.product(range(5), repeat=2)
            if np.array_equal(view, padded[top : top + 8, left : left + 8])
        }
    assert len(drawn) == 25


def test_areas_are_within_their_ranges_and_spread():
    areas, ratios = [], []
    for seed in range(400):
        top, left, height, width = draw_area(300, 400, generator(seed))
        assert 0 <= top <= 300 - height
        assert 0 <= left <= 400 - width
        areas.append(height * width / (300 * 400))
        ratios.append(math.log(width / height))
    assert 0.078 < min(areas) < 0.12
    assert 0.85 < max(areas) <= 1
    assert math.log(3 / 4) - 0.02 < min(ratios) < -0.25
    assert 0.25 < max(ratios) < math.log(4 / 3) + 0.02
    assert draw_area(10, 1000, generator(0)) == (0, 493, 10, 13)  # no draw fits: the centre


def test_an_area_is_stretched_to_the_whole_view(views, monkeypatch):
    image = np.zeros((20, 40, 3), np.uint8)
    image[5:9, 10:16] = 255
    monkeypatch.setattr(transforms, "draw_area", lambda *a: (5, 10, 4, 6))
    assert random_view(image, views(crop="area", flip=False), generator(0)).min() == 255


def test_color_moves_along_the_eigenvectors_and_is_clipped():
    grey = np.full((2, 2, 3), 100, np.uint8)
    shifted = shift_color(grey, np.array([1.0, 0, 0]))
    # 255 * 0.2175 * (0.5675, 0.5808, 0.5836) = (31.5, 32.2, 32.4)
    assert shifted[0, 0].tolist() == [69, 68, 68]
    second = shift_color(grey, np.array([0, 10.0, 0]))  # 47.94 * (0.7192, -0.0045, -0.6948)
    assert second[1, 1].tolist() == [134, 100, 67]
    assert shift_color(grey, np.array([5.0, 0, 0])).max() == 0
    assert shift_color(grey[:, ::-1], np.array([-9.0, 0, 0])).min() == 255


def test_erasing_leaves_the_fill(views):
    image = np.full((16, 16, 3), 200, np.uint8)
    chosen = views(size=16, shorter_side_train=(16, 16), erasing=1.0, fill=(9, 8, 7))
    view = random_view(image, chosen, generator(0))
    erased = (view == (9, 8, 7)).all(-1)
    assert 0.01 < erased.mean() < 0.4
    assert (view[~erased] == 200).all()
    assert (random_view(image, views(size=16, shorter_side_train=(16, 16)), generator(0)) > 0).all()


def test_trivial_augment_changes_most_images(views):
    image = np.random.default_rng(1).integers(0, 255, (8, 8, 3), np.uint8)
    fixed = {"shorter_side_train": (8, 8), "flip": False}
    changed = [
        not np.array_equal(
            random_view(image, views(**fixed, trivial_augment=True), generator(s)), image
        )
        for s in range(40)
    ]
    assert sum(changed) > 20
    assert np.array_equal(random_view(image, views(**fixed), generator(0)), image)
