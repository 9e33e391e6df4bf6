"""Folders, views and batches."""

import cv2
import numpy as np
import pytest
import torch

from backbones.checkpoint import Preprocessing
from backbones.data.folder import find_test_split, read_folder
from backbones.data.loader import Views, make_test_batches, make_training_batches, to_network_input
from backbones.data.transforms import centre_view, random_view, read_image, scale_shorter_side

VIEWS = Views(size=8, shorter_side_train=(8, 12), shorter_side_test=10, flip=True)


def write(path, value=0, shape=(12, 16, 3)):
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), np.full(shape, value, np.uint8))


@pytest.fixture
def root(tmp_path):
    """Ten images of two classes; image i has grey value 10 i."""
    for i in range(10):
        write(tmp_path / "train" / ("cat" if i < 4 else "ant") / f"{i}.png", 10 * i)
    write(tmp_path / "val" / "cat" / "0.PNG")
    return tmp_path


def test_classes_are_sorted_and_the_test_split_follows_them(root):
    folder = read_folder(root, "train")
    assert folder.class_names == ("ant", "cat")
    assert folder.labels.tolist() == [0] * 6 + [1] * 4
    assert find_test_split(root) == "val"
    assert read_folder(root, "val", folder.class_names).labels.tolist() == [1]


def test_folder_faults_are_named(root):
    with pytest.raises(ValueError, match=r"must hold train/<class>/.*with no folder"):
        read_folder(root / "nowhere", "train")
    with pytest.raises(ValueError, match=r"must hold test/<class>/ .* with \['train', 'val'\]"):
        read_folder(root, "test")
    (root / "test").mkdir()
    with pytest.raises(ValueError, match="must hold one folder of images for each class"):
        read_folder(root, "test")
    (root / "train" / "bee").mkdir()
    (root / "train" / "eel").mkdir()
    with pytest.raises(ValueError, match=r"got none in \['bee', 'eel'\]"):
        read_folder(root, "train")
    with pytest.raises(ValueError, match=r"must be among \['dog'\], got also \['cat'\]"):
        read_folder(root, "val", ("dog",))


def test_an_unreadable_image_is_named(tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"broken\.jpg must be a readable image"):
        read_image(tmp_path / "broken.jpg")


@pytest.mark.parametrize("num_workers", [0, 1])
def test_an_unreadable_image_in_a_batch_is_one_clear_line(root, num_workers):
    (root / "train" / "cat" / "2.png").write_bytes(b"no image")
    folder = read_folder(root, "train")
    options = {"batch_size": 10, "num_workers": num_workers}
    for batches in (
        make_training_batches(folder, VIEWS, seed=0, **options),
        make_test_batches(folder, VIEWS, **options),
    ):
        with pytest.raises(ValueError, match=r"2\.png must be a readable image") as fault:
            next(iter(batches))
        assert len(str(fault.value).splitlines()) == 1


def test_images_are_rgb(tmp_path):
    image = np.zeros((4, 4, 3), np.uint8)
    image[..., 2] = 255  # red, as OpenCV writes it
    cv2.imwrite(str(tmp_path / "red.png"), image)
    assert read_image(tmp_path / "red.png")[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("shape", [(30, 50, 3), (50, 30, 3), (7, 9, 3), (333, 1000, 3)])
def test_views_have_their_size(shape):
    image = np.zeros(shape, np.uint8)
    assert min(scale_shorter_side(image, 16).shape[:2]) == 16
    rng = np.random.default_rng(0)
    assert random_view(image, rng, size=16, shorter_side=(16, 20), flip=True).shape == (16, 16, 3)
    assert centre_view(image, size=16, shorter_side=16).shape == (16, 16, 3)


def test_random_views_differ_and_a_seed_repeats_them():
    image = np.random.default_rng(0).integers(0, 255, (20, 40, 3), np.uint8)
    views = [
        random_view(image, np.random.default_rng(s), size=8, shorter_side=(8, 8), flip=True)
        for s in (1, 1, 2, 3)
    ]
    assert np.array_equal(views[0], views[1])
    assert not np.array_equal(views[0], views[2])
    # columns of a ramp fall from left to right only where the view is flipped
    ramp = np.repeat(np.arange(8, dtype=np.uint8)[None, :, None], 8, 0).repeat(3, 2)
    flipped = [
        random_view(ramp, np.random.default_rng(s), size=8, shorter_side=(8, 8), flip=f)[0, 0, 0]
        for f in (True, False)
        for s in range(20)
    ]
    assert set(flipped[:20]) == {0, 7}
    assert set(flipped[20:]) == {0}


def take(root, batches, **options):
    options = {"batch_size": 4, "seed": 3, **options}
    stream = make_training_batches(read_folder(root, "train"), VIEWS, **options)
    return [next(stream) for _ in range(batches)]


def greys(batches):
    return [int(image[0, 0, 0]) for images, _ in batches for image in images]


def test_an_epoch_shows_every_image_once_in_a_new_order(root):
    seen = greys(take(root, 5))
    assert sorted(seen[:10]) == sorted(seen[10:]) == [10 * i for i in range(10)]
    assert seen[:10] != seen[10:]
    assert greys(take(root, 5, seed=4)) != seen


def test_a_later_start_continues_the_stream(root):
    whole, rest = take(root, 6), take(root, 2, start_iteration=4)
    for (a, _), (b, _) in zip(whole[4:], rest):
        assert torch.equal(a, b)


def test_ranks_and_workers_share_one_stream(root):
    whole = greys(take(root, 4))
    shares = [greys(take(root, 4, rank=r, world_size=2, num_workers=r)) for r in (0, 1)]
    assert [grey for pair in zip(*shares) for grey in pair] == whole
    with pytest.raises(ValueError, match="IMS_PER_BATCH must be a multiple of the 3 processes"):
        take(root, 1, world_size=3)


def test_test_batches_cover_each_image_once(root):
    folder = read_folder(root, "train")
    shares = [
        list(make_test_batches(folder, VIEWS, batch_size=3, rank=r, world_size=2)) for r in (0, 1)
    ]
    assert sorted(greys(shares[0]) + greys(shares[1])) == [10 * i for i in range(10)]


def test_network_input_follows_the_preprocessing():
    images = torch.tensor([[[[10, 20, 30]]]], dtype=torch.uint8)
    cpu = torch.device("cpu")
    rgb = Preprocessing("RGB", 0.1, (1.0, 1.0, 1.0), (1.0, 2.0, 4.0))
    assert to_network_input(images, rgb, cpu).flatten().tolist() == [0.0, 0.5, 0.5]
    bgr = Preprocessing("BGR", 1.0, (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    assert to_network_input(images, bgr, cpu).flatten().tolist() == [30.0, 20.0, 10.0]
    many = to_network_input(torch.zeros(2, 4, 4, 3, dtype=torch.uint8), rgb, cpu)
    assert many.shape == (2, 3, 4, 4)
    assert many.is_contiguous(memory_format=torch.channels_last)
