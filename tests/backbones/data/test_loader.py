"""Batches from disk: one stream for any number of processes and workers."""

import pytest
import torch

from backbones.data.folder import read_folder
from backbones.data.loader import TrainingImages, make_test_batches, make_training_batches

MODERN = {"crop": "area", "alexnet_color": True, "trivial_augment": True, "erasing": 0.5}


@pytest.fixture
def take(root, views):
    def take_batches(count, changes=(), **options):
        options = {"batch_size": 4, **options}
        order = {name: options.pop(name) for name in ("seed", "repetitions") if name in options}
        folder = read_folder(root, "train")
        images = TrainingImages(folder, views(**dict(changes)), **{"seed": 3, **order})
        stream = make_training_batches(images, **options)
        return [next(stream) for _ in range(count)]

    return take_batches


@pytest.mark.parametrize("num_workers", [0, 1])
def test_an_unreadable_image_in_a_batch_is_one_clear_line(root, views, num_workers):
    (root / "train" / "cat" / "2.png").write_bytes(b"no image")
    folder = read_folder(root, "train")
    options = {"batch_size": 10, "num_workers": num_workers}
    for batches in (
        make_training_batches(TrainingImages(folder, views(), seed=0), **options),
        make_test_batches(folder, views(), **options),
    ):
        with pytest.raises(ValueError, match=r"2\.png must be an image") as fault:
            next(iter(batches))
        assert len(str(fault.value).splitlines()) == 1


def test_an_epoch_shows_every_image_once_in_a_new_order(take, greys):
    seen = greys(take(5))
    assert sorted(seen[:10]) == sorted(seen[10:]) == [10 * i for i in range(10)]
    assert seen[:10] != seen[10:]
    assert greys(take(5, seed=4)) != seen


def test_labels_stay_with_their_images(take, greys):
    batches = take(5)
    labels = [int(label) for _, labels in batches for label in labels]
    assert labels == [int(grey < 40) for grey in greys(batches)]


@pytest.mark.parametrize("repetitions", [1, 3])
def test_a_later_start_continues_the_stream(take, repetitions):
    options = {"changes": MODERN, "repetitions": repetitions}
    whole, rest = take(9, **options), take(3, start_iteration=6, **options)
    for (a, _), (b, _) in zip(whole[6:], rest, strict=True):
        assert torch.equal(a, b)


def test_ranks_and_workers_share_one_stream(take):
    whole = [image for images, _ in take(3, MODERN) for image in images]
    shares = [take(3, MODERN, rank=r, world_size=2, num_workers=r) for r in (0, 1)]
    spread = [[image for images, _ in share for image in images] for share in shares]
    together = [image for pair in zip(*spread, strict=True) for image in pair]
    assert all(torch.equal(a, b) for a, b in zip(whole, together, strict=True))
    with pytest.raises(ValueError, match="IMS_PER_BATCH must be a multiple of the 3 processes"):
        take(1, world_size=3)


def test_repetitions_are_spread_over_the_ranks(take, greys):
    """Each image three times an epoch, in different views, one in each of three processes."""
    options = {"batch_size": 6, "repetitions": 3}
    whole = greys(take(10, **options))
    assert sorted(whole[:30]) == sorted(10 * i for i in range(10) for _ in range(3))
    assert whole[0::3] == whole[1::3] == whole[2::3]
    assert greys(take(10, batch_size=2))[:10] == whole[:30:3]  # the order of a plain epoch
    shares = [take(5, {"alexnet_color": True}, rank=r, world_size=3, **options) for r in range(3)]
    labels = [[labels.tolist() for _, labels in share] for share in shares]
    assert labels[0] == labels[1] == labels[2]
    views = [torch.cat([images for images, _ in share]) for share in shares]
    assert not any(torch.equal(views[a], views[b]) for a, b in ((0, 1), (1, 2), (0, 2)))


def test_test_batches_cover_each_image_once_in_order(root, views, greys):
    folder = read_folder(root, "train")
    shares = [
        list(make_test_batches(folder, views(), batch_size=3, rank=r, world_size=2)) for r in (0, 1)
    ]
    assert greys(shares[0]) == [40, 60, 80, 0, 20]
    assert greys(shares[1]) == [50, 70, 90, 10, 30]
    assert torch.cat([labels for _, labels in shares[0]]).tolist() == [0, 0, 0, 1, 1]
