"""Batches of images that are kept on the device."""

import itertools

import numpy as np
import pytest
import torch

from backbones.data.folder import read_folder
from backbones.data.images import Subset
from backbones.data.loader import epoch_order
from backbones.data.resident import (
    ResidentImages,
    load_resident,
    resident_test_batches,
    resident_training_batches,
)

COUNT, SIZE, PADDING = 10, 6, 2
FILL = (251, 252, 253)
# pixel (y, x) of image i is (i, y, x)
COORDINATES = torch.stack(
    torch.meshgrid(torch.arange(COUNT), torch.arange(SIZE), torch.arange(SIZE), indexing="ij"), -1
).to(torch.uint8)
RESIDENT = ResidentImages(COORDINATES, torch.arange(COUNT) % 3)


@pytest.fixture
def cuts(views):
    plain = {"size": SIZE, "crop": "pad", "padding": PADDING, "shorter_side_test": SIZE}
    return lambda **changes: views(**{**plain, "fill": FILL, **changes})


@pytest.fixture
def take(cuts):
    def take_batches(count, changes=(), **options):
        options = {"batch_size": 4, "seed": 3, **options}
        stream = resident_training_batches(RESIDENT, cuts(**dict(changes)), **options)
        return [next(stream) for _ in range(count)]

    return take_batches


def join(batches):
    images, labels = zip(*batches, strict=True)
    return torch.cat(images), torch.cat(labels)


def test_crops_are_cut_from_the_padded_image(take):
    """Every view is one of the 50 crops of its image, padded by hand; all 50 are drawn."""
    width = SIZE + 2 * PADDING
    padded = torch.tensor(FILL, dtype=torch.uint8).repeat(COUNT, width, width, 1)
    padded[:, PADDING:-PADDING, PADDING:-PADDING] = COORDINATES
    images, labels = join(take(200))
    drawn = set()
    for view, label in zip(images, labels, strict=True):
        number = int(view[2:4, 2:4, 0].min())  # never padding
        assert label == number % 3
        matches = [
            (top, left, flip)
            for top, left in itertools.product(range(2 * PADDING + 1), repeat=2)
            for flip, seen in enumerate((view, view.flip(1)))
            if torch.equal(seen, padded[number, top : top + SIZE, left : left + SIZE])
        ]
        assert len(matches) == 1
        drawn.update(matches)
    assert len(drawn) == 2 * (2 * PADDING + 1) ** 2


def test_without_padding_and_flip_images_stay_as_they_are(take):
    images, _ = join(take(5, {"padding": 0, "flip": False}))
    assert torch.equal(images, COORDINATES[images[:, 0, 0, 0].long()])


def test_an_epoch_shows_every_image_once_in_the_loaders_order(take):
    """4 does not divide 10: the third batch spans two epochs."""
    images, labels = join(take(5, {"padding": 0}))
    numbers = images[:, 0, 0, 0].tolist()
    assert numbers == [*epoch_order(3, 0, COUNT), *epoch_order(3, 1, COUNT)]
    assert labels.tolist() == [number % 3 for number in numbers]


def test_a_batch_may_be_larger_than_an_epoch(take):
    images, _ = join(take(2, {"padding": 0}, batch_size=24))
    orders = [epoch_order(3, epoch, COUNT) for epoch in range(5)]
    assert images[:, 0, 0, 0].tolist() == np.concatenate(orders)[:48].tolist()


@pytest.mark.parametrize("start", [1, 2, 3, 5, 7])
def test_a_later_start_continues_the_stream(take, start):
    whole, rest = take(9), take(9 - start, start_iteration=start)
    assert all(torch.equal(a, b) for a, b in zip(join(whole[start:]), join(rest), strict=True))


@pytest.mark.parametrize("world_size", [2, 4, 12])
def test_ranks_share_one_stream(take, world_size):
    whole = take(6, batch_size=12)
    shares = [take(6, batch_size=12, rank=r, world_size=world_size) for r in range(world_size)]
    for iteration, (images, labels) in enumerate(whole):
        own = [share[iteration] for share in shares]
        assert torch.equal(torch.stack([x for x, _ in own], 1).flatten(0, 1), images)
        assert torch.equal(torch.stack([y for _, y in own], 1).flatten(), labels)
    with pytest.raises(ValueError, match="IMS_PER_BATCH must be a multiple of the 5 processes"):
        take(1, world_size=5)


def test_seeds_differ(take):
    assert not torch.equal(join(take(2))[0], join(take(2, seed=4))[0])


def test_what_is_not_done_on_the_device_is_listed(take, cuts):
    changes = {"crop": "area", "alexnet_color": True, "trivial_augment": True, "erasing": 0.1}
    with pytest.raises(ValueError, match="INPUT.CROP must be pad, got area") as fault:
        take(1, {**changes, "size": 5})
    for key in (
        "COLOR_AUGMENTATION",
        "TRIVIAL_AUGMENT",
        "RANDOM_ERASING",
        r"SIZE must be \(6, 6\)",
    ):
        assert fault.match(f"INPUT.{key}")
    assert fault.match("or set DATASETS.IN_MEMORY False")
    with pytest.raises(ValueError, match="INPUT.MIN_SIZE_TEST must be 6 for images of 6 x 6"):
        resident_test_batches(RESIDENT, cuts(shorter_side_test=7), batch_size=2)


def test_test_batches_cover_each_image_once_in_order(cuts):
    shares = [
        list(resident_test_batches(RESIDENT, cuts(), batch_size=2, rank=r, world_size=2))
        for r in (0, 1)
    ]
    assert [len(labels) for _, labels in shares[0]] == [2, 2, 1]
    for rank, share in enumerate(shares):
        images, labels = join(share)
        assert torch.equal(images, COORDINATES[rank::2])
        assert torch.equal(labels, RESIDENT.labels[rank::2])
    centres, _ = join(resident_test_batches(RESIDENT, cuts(size=4), batch_size=10))
    assert torch.equal(centres, COORDINATES[:, 1:5, 1:5])


def test_images_are_loaded_by_threads(root):
    images = read_folder(root, "train")
    resident = load_resident(Subset(images, np.arange(8)), "cpu", threads=3)
    assert resident.images[:, 0, 0, 0].tolist() == [40, 50, 60, 70, 80, 90, 0, 10]
    assert resident.images.shape == (8, 12, 16, 3)
    assert resident.labels.tolist() == [0] * 6 + [1] * 2


def test_another_size_and_an_unreadable_file_are_named(root, write):
    write(root / "train" / "cat" / "3.png", shape=(12, 12, 3))
    images = read_folder(root, "train")
    with pytest.raises(ValueError, match=r"ant/4\.png, \(12, 16\), got \(12, 12\) of .*cat/3\.png"):
        load_resident(images, "cpu")
    (root / "train" / "cat" / "3.png").write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"cat/3\.png must be an image"):
        load_resident(images, "cpu")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_cuts_the_same_and_does_not_wait(take, cuts):
    on_gpu = ResidentImages(RESIDENT.images.cuda(), RESIDENT.labels.cuda())
    stream = resident_training_batches(on_gpu, cuts(), batch_size=4, seed=3)
    torch.cuda.set_sync_debug_mode("error")
    try:
        batches = [next(stream) for _ in range(9)]
    finally:
        torch.cuda.set_sync_debug_mode("default")
    for a, b in zip(join(take(9)), join(batches), strict=True):
        assert torch.equal(a, b.cpu())
