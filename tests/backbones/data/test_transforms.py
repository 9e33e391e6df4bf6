"""Views cut from a part of an image, and from a reduced one: what the slow way shows."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image as Pillow

from backbones.data.folder import read_folder
from backbones.data.loader import TrainingImages
from backbones.data.transforms import (
    Part,
    RandomView,
    crop,
    random_view,
    scale_shorter_side,
    scaled_size,
)
from backbones.images.decoding import decode_image, reduced
from backbones.images.jpeg import jpeg_size


def generator(seed):
    return np.random.default_rng(seed)


def photo(height, width, seed=0, detail=12):
    """Smooth as a photograph is: noise of one value to `detail` pixels, blown up."""
    few = generator(seed).integers(0, 256, (-(-height // detail), -(-width // detail), 3), np.uint8)
    return cv2.resize(few, (width, height), interpolation=cv2.INTER_CUBIC)


def jpeg(image, turn=1, **options):
    """The file as Pillow writes it, with an EXIF orientation."""
    file, exif = io.BytesIO(), Pillow.Exif()
    exif[0x0112] = turn
    Pillow.fromarray(image).save(file, "JPEG", quality=95, exif=exif, **options)
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


@pytest.mark.parametrize("turn", range(1, 9))
def test_the_head_of_a_jpeg_tells_its_size_as_it_is_seen(turn):
    for options in ({}, {"progressive": True}, {"comment": b"x" * 300}):
        data = jpeg(photo(60, 90), turn, **options)
        assert jpeg_size(data) == decode_image(data, "", "RGB").shape[:2]
        for factor in (2, 4, 8):
            size = reduced(*jpeg_size(data), factor)
            assert decode_image(data, "", "RGB", lambda h, w, f=factor: f).shape[:2] == size


def test_other_heads_tell_nothing():
    data = jpeg(photo(60, 90))
    assert jpeg_size(data[:2] + b"\xff\xff" + data[2:]) == jpeg_size(data)  # fill bytes
    assert jpeg_size(b"") is jpeg_size(data[:30]) is jpeg_size(b"\xff\xd8\xff") is None
    png = cv2.imencode(".png", photo(60, 90))[1].tobytes()
    assert jpeg_size(png) is None
    assert decode_image(png, "", "RGB", lambda h, w: pytest.fail("asked")).shape == (60, 90, 3)


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
