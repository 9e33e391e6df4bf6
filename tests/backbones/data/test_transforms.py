"""Views of an image: their size, place, colour; of a part or a reduced image, what is slower."""

import io
import itertools
import math

import cv2
import numpy as np
import pytest
import torch
from PIL import Image as Pillow

from backbones.data import transforms
from backbones.data.folder import read_folder
from backbones.data.loader import TrainingImages
from backbones.data.transforms import (
    Part,
    RandomView,
    centre_view,
    crop,
    draw_area,
    random_view,
    scale_shorter_side,
    scaled_size,
    shift_color,
)
from backbones.images.decoding import decode_image, reduced

MODERN = {"crop": "area", "alexnet_color": True, "trivial_augment": True, "erasing": 0.5}
IMAGE = np.random.default_rng(0).integers(0, 255, (20, 40, 3), np.uint8)


def generator(seed):
    return np.random.default_rng(seed)


def photo(height, width, seed=0, detail=12):
    """Smooth as a photograph is: noise of one value to `detail` pixels, blown up."""
    few = generator(seed).integers(0, 256, (-(-height // detail), -(-width // detail), 3), np.uint8)
    return cv2.resize(few, (width, height), interpolation=cv2.INTER_CUBIC)


def jpeg(image):
    file = io.BytesIO()
    Pillow.fromarray(image).save(file, "JPEG", quality=95)
    return file.getvalue()


@pytest.mark.parametrize("shape", [(90, 120), (101, 67), (30, 200)])
@pytest.mark.parametrize("size", [16, 40, 150])
def test_scaling_is_pillows(shape, size):
    image = photo(*shape, detail=2)
    height, width = scaled_size(*shape, size)
    theirs = np.asarray(Pillow.fromarray(image).resize((width, height), Pillow.Resampling.BILINEAR))
    difference = np.abs(scale_shorter_side(image, size).astype(int) - theirs)
    assert difference.max() <= 2
    assert difference.mean() < 0.6


def slope(images):
    """By how much neighbours differ, beside and below each other."""
    beside, below = (np.abs(np.diff(images, axis=axis)).mean() for axis in (-2, -3))
    return beside + below


def slow_view(image, views, rng):
    """Scale the whole image, then crop: He's words."""
    low, high = views.shorter_side_train
    scaled = scale_shorter_side(image, int(rng.integers(low, high + 1)))
    top, left = (rng.integers(side - views.size + 1) for side in scaled.shape[:2])
    return crop(scaled, int(top), int(left), views.size)


def test_a_part_at_whole_pixels_is_the_same(views):
    """By a factor of two every edge falls on a pixel; the filter sees less at the edges alone."""
    image = photo(128, 160, detail=4)
    halved = views(size=32, shorter_side_train=(64, 64), flip=False)
    for seed in range(8):
        fast, slow = (f(image, halved, generator(seed)) for f in (random_view, slow_view))
        inner = np.abs(fast.astype(int) - slow)[2:-2, 2:-2]
        assert inner.mean() < 1
        assert inner.max() <= 6


@pytest.mark.parametrize("side", [33, 40, 48, 56, 64])
def test_a_stretched_part_has_the_spread_of_pillows(views, side):
    for seed in range(4):
        image = photo(side, side + 3, seed, detail=3)
        whole = views(size=32, shorter_side_train=(32, 32), crop="area", flip=False)
        view = RandomView(whole, generator(0))
        view.reduction(side, side + 3)
        view._part = Part(0, 0, side, side + 3)
        fast = view(image)
        slow = np.asarray(Pillow.fromarray(image).resize((32, 32), Pillow.Resampling.BILINEAR))
        assert np.abs(fast.astype(int) - slow).mean() < 3
        assert fast.std() == pytest.approx(slow.std(), rel=0.01)
        assert fast.mean() == pytest.approx(slow.mean(), abs=0.3)


def test_a_part_is_within_half_a_pixel_and_its_statistics_are_equal(views):
    image = photo(150, 200)
    chosen = views(size=64, shorter_side_train=(70, 180), flip=False)
    pairs = [
        [f(image, chosen, generator(seed)).astype(float) for f in (random_view, slow_view)]
        for seed in range(60)
    ]
    fast, slow = (np.stack(x) for x in zip(*pairs, strict=True))
    assert np.abs(fast - slow).mean() < slope(slow) / 2
    assert np.abs(fast.mean((0, 1, 2)) - slow.mean((0, 1, 2))).max() < 0.25
    assert fast.std((0, 1, 2)) == pytest.approx(slow.std((0, 1, 2)), rel=0.01)


@pytest.mark.parametrize("crop", ["scale", "area"])
def test_a_reduced_image_gives_the_same_view_within_half_a_pixel(views, crop):
    image = photo(400, 600, detail=40)
    data = jpeg(image)
    chosen = views(size=32, crop=crop, shorter_side_train=(40, 70))
    factors, errors, slopes, means = set(), [], [], []
    for seed in range(40):
        view = RandomView(chosen, generator(seed))
        part = decode_image(data, "", "RGB", lambda h, w, view=view: view.reduction(h, w))
        factor = next(f for f in (1, 2, 4, 8) if reduced(400, 600, f) == part.shape[:2])
        factors.add(factor)
        fast = view(part).astype(int)
        slow = random_view(decode_image(data, "", "RGB"), chosen, generator(seed)).astype(int)
        errors.append(np.abs(fast - slow).mean())
        slopes.append(slope(slow))
        means.append((fast - slow).mean())
    assert len(factors) > 1
    assert max(np.divide(errors, slopes)) < 0.5
    assert abs(np.mean(means)) < 0.5


@pytest.mark.parametrize(
    ("side", "factor"),
    [(32, 1), (63, 1), (64, 2), (127, 2), (128, 4), (255, 4), (256, 8), (999, 8)],
)
def test_an_image_is_reduced_while_the_view_need_not_be_stretched(views, side, factor):
    chosen = views(size=32, shorter_side_train=(32, 32))
    assert RandomView(chosen, generator(0)).reduction(side, 1000) == factor
    assert RandomView(views(crop="pad"), generator(0)).reduction(side, side) == 1


def test_training_reads_jpegs_reduced_and_other_files_whole(tmp_path, views):
    image = photo(300, 400, detail=60)
    (tmp_path / "train" / "a").mkdir(parents=True)
    (tmp_path / "train" / "a" / "0.jpg").write_bytes(jpeg(image))
    cv2.imwrite(str(tmp_path / "train" / "a" / "1.png"), image[..., ::-1])
    folder, shapes = read_folder(tmp_path, "train"), {0: set(), 1: set()}

    class Watched:
        labels = folder.labels

        def __len__(self):
            return 2

        def read(self, index, reduction=None):
            read = folder.read(index, reduction)
            shapes[index].add(read.shape[:2])
            return read

    samples = TrainingImages(Watched(), views(size=16, shorter_side_train=(16, 80)), seed=0)
    assert all(samples[i][0].shape == (16, 16, 3) for i in range(20))
    assert shapes == {0: {reduced(300, 400, f) for f in (2, 4, 8)}, 1: {(300, 400)}}


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
