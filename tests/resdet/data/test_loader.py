import logging
from dataclasses import replace
from itertools import islice

import cv2
import numpy as np
import pytest
import torch

from backbones.images.decoding import read_image
from resdet.data import loader
from resdet.data.loader import DetectionDataset, batched, shuffled, train_batches
from resdet.data.mosaic import Mosaic
from resdet.data.transforms import TestTransform as Resize
from resdet.data.transforms import TrainTransform
from resdet.data.voc.reader import load_voc
from resdet.structures.records import GroundTruth, ImageRecord

SIZES = [(40, 60), (60, 40), (50, 50), (30, 60), (60, 30), (45, 50), (50, 45)]


@pytest.fixture
def records(tmp_path):
    """Seven images, wide and tall, of differing content; the third has no box."""
    made = []
    for number, (height, width) in enumerate(SIZES):
        path = tmp_path / f"{number}.png"
        image = np.random.default_rng(number).integers(0, 256, (height, width, 3), np.uint8)
        cv2.imwrite(str(path), image)
        boxes = [] if number == 2 else [[2, 3, 20, 25], [10, 5, 30, 28]]
        truth = GroundTruth(boxes, [0, 1][: len(boxes)])
        made.append(ImageRecord(f"img{number}", path, height, width, truth))
    return made


def dataset(records, **more):
    augment = TrainTransform([32, 40], 64, crop=(0.6, 0.6), color_jitter=0.3)
    return DetectionDataset(records, augment, **more)


def taken(batches, number):
    return list(islice(batches, number))


def fingerprints(batches):
    return [
        [
            (s["index"], s["image"].shape, s["image"].sum().item(), s["boxes"].tolist())
            for s in batch
        ]
        for batch in batches
    ]


def test_a_sample_in_the_asked_channel_order(records):
    pixels = read_image(records[0].path, "BGR")
    for order, expected in (("RGB", pixels[..., ::-1]), ("BGR", pixels)):
        sample = DetectionDataset(records, Resize(40, 100), channel_order=order)[0]
        np.testing.assert_array_equal(sample["image"].numpy(), expected.transpose(2, 0, 1))
        assert sample["boxes"].dtype == torch.float32
        assert sample["labels"].tolist() == [0, 1]
        assert (sample["image_id"], sample["height"], sample["width"]) == ("img0", 40, 60)
    with pytest.raises(ValueError, match="channel_order must be RGB or BGR"):
        DetectionDataset(records, Resize(40, 100), channel_order="rgb")


def test_boxes_are_of_the_resized_image(records):
    sample = DetectionDataset(records, Resize(80, 200))[0]
    assert sample["image"].shape == (3, 80, 120)
    assert sample["boxes"].tolist() == [[4, 6, 40, 50], [20, 10, 60, 56]]


def test_crowds_thin_boxes_and_if_asked_difficult_ones_are_left_out(records):
    boxes = [[0, 0, 9, 9], [0, 0, 8, 8], [5, 5, 5, 20], [0, 0, 7, 7]]
    truth = GroundTruth(boxes, [0, 1, 2, 3], [0, 1, 0, 0], [0, 0, 0, 1])
    record = replace(records[0], ground_truth=truth)
    assert DetectionDataset([record], Resize(40, 99))[0]["labels"].tolist() == [0, 1]
    easy = DetectionDataset([record], Resize(40, 99), use_difficult=False)
    assert easy[0]["labels"].tolist() == [0]


@pytest.mark.parametrize("start", [1, 5, 9])
def test_a_run_can_start_at_any_iteration(records, start):
    def run(first, number):
        batches = train_batches(
            dataset(records, seed=3), batch_size=2, num_workers=0, start_iteration=first
        )
        return fingerprints(taken(batches, number))

    assert run(start, 3) == run(0, start + 3)[start:]


def test_samples_do_not_depend_on_the_number_of_workers(records):
    def run(num_workers):
        batches = train_batches(
            dataset(records, seed=1), batch_size=3, num_workers=num_workers, start_iteration=2
        )
        return fingerprints(taken(batches, 5))

    assert run(0) == run(2)


def test_the_same_image_is_augmented_anew_each_time_and_by_seed(records):
    def sums(seed):
        batches = train_batches(dataset(records[:1], seed=seed), batch_size=4, num_workers=0)
        return [sample["image"].sum().item() for sample in next(batches)]

    assert len(set(sums(0))) == 4
    assert not set(sums(0)) & set(sums(1))


def test_two_ranks_share_an_epoch(records):
    records = records[:6]

    def seen(rank, number):
        batches = train_batches(
            dataset(records, seed=7),
            batch_size=1,
            num_workers=0,
            rank=rank,
            world_size=2,
            aspect_ratio_grouping=False,
        )
        return [batch[0]["index"] for batch in taken(batches, number)]

    assert sorted(seen(0, 3) + seen(1, 3)) == [0, 1, 2, 3, 4, 5]
    assert seen(0, 6)[:3] == seen(0, 3)


def test_shuffles_differ_by_epoch_and_seed():
    def orders(seed):
        draws = taken(shuffled(range(20), seed), 40)
        assert [place for _, place in draws] == list(range(40))
        indices = [index for index, _ in draws]
        return indices[:20], indices[20:]

    first, second = orders(0)
    assert sorted(first) == sorted(second) == list(range(20))
    assert first != second
    assert orders(1)[0] != first


def test_wide_images_never_share_a_batch_with_others(records):
    def shares(grouping):
        batches = train_batches(
            dataset(records), batch_size=2, num_workers=0, aspect_ratio_grouping=grouping
        )
        wide = [{s["width"] > s["height"] for s in batch} for batch in taken(batches, 20)]
        return sum(len(kinds) == 2 for kinds in wide)

    assert shares(True) == 0
    assert shares(False) > 0


def test_grouping_loses_no_draw():
    draws = taken(shuffled(range(10), 0), 100)
    batches = list(batched(draws, 4, [n < 5 for n in range(10)]))
    assert all(len(batch) == 4 for batch in batches)
    kept = [draw for batch in batches for draw in batch]
    assert len(set(kept)) == len(kept)
    assert 100 - len(kept) < 8


def test_empty_images_are_kept_or_dropped_aloud(records, caplog):
    def seen(filter_empty):
        batches = train_batches(
            dataset(records), batch_size=1, num_workers=0, filter_empty=filter_empty
        )
        return {batch[0]["index"] for batch in taken(batches, 7)}

    assert seen(False) == {0, 1, 2, 3, 4, 5, 6}
    with caplog.at_level(logging.INFO, "resdet.data"):
        assert seen(True) == {0, 1, 3, 4, 5, 6}
    assert "images without boxes, dropped: 1 of 7" in caplog.text
    with pytest.raises(ValueError, match="dataset must hold an image to train on"):
        next(train_batches(dataset(records[2:3]), batch_size=1, num_workers=0, filter_empty=True))


def test_mosaics_are_of_images_with_objects_and_the_same_for_any_number_of_workers(records):
    plain = TrainTransform([40], 80, flip=0.0)
    made = DetectionDataset(records, plain, mosaic=Mosaic(plain, 1.0, 9))
    alone = DetectionDataset(records, plain)
    assert made._others == [0, 1, 3, 4, 5, 6]  # the third has no box
    joined, single = made[(0, 8)], alone[(0, 8)]
    assert joined["image"].shape == single["image"].shape
    assert (joined["index"], joined["image_id"], joined["height"]) == (0, "img0", 40)
    assert not torch.equal(joined["image"], single["image"])
    assert torch.equal(made[(0, 9)]["image"], alone[(0, 9)]["image"])  # they have ended
    runs = [
        fingerprints(taken(train_batches(made, batch_size=2, num_workers=workers), 3))
        for workers in (0, 2)
    ]
    assert runs[0] == runs[1]


def test_records_of_unknown_content_are_not_trained_on(records):
    records[1] = replace(records[1], ground_truth=None)
    with pytest.raises(ValueError, match=r"must be annotated for training, got 1 .*img1"):
        next(train_batches(dataset(records), batch_size=1, num_workers=0))


@pytest.mark.parametrize("num_workers", [0, 2])
def test_every_image_is_tested_once(records, num_workers):
    batches = loader.test_batches(
        [replace(r, ground_truth=None) for r in records],
        transform=Resize(40, 80),
        batch_size=2,
        num_workers=num_workers,
        channel_order="BGR",
    )
    seen = [[sample["index"] for sample in batch] for batch in batches]
    assert seen == [[0, 1], [2, 3], [4, 5], [6]]


@pytest.mark.parametrize("num_workers", [0, 1])
def test_faulty_files_are_named_in_one_line(records, num_workers):
    batches = {"batch_size": 1, "num_workers": num_workers}
    wrong = replace(records[0], height=60, width=40)
    with pytest.raises(ValueError, match=r"0.png must be 40x60 as .*, got 60x40") as error:
        next(loader.test_batches([wrong], transform=Resize(40, 80), **batches))
    assert "Traceback" not in str(error.value)
    records[0].path.write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"0.png must be an image, got an unreadable file"):
        next(train_batches(dataset(records[:1]), **batches))
    records[0].path.unlink()
    with pytest.raises(ValueError, match=r"0.png must be an image, got no file"):
        next(train_batches(dataset(records[:1]), **batches))


@pytest.mark.parametrize("num_workers", [0, 1])
@pytest.mark.parametrize("batch_size", [1, 2, 5])
def test_what_stands_before_a_faulty_file_is_tested(records, batch_size, num_workers):
    records[3].path.write_bytes(b"no image")
    options = {"batch_size": batch_size, "num_workers": num_workers}
    batches = loader.test_batches(records, transform=Resize(40, 80), **options)
    told = []
    with pytest.raises(ValueError, match=r"3.png must be an image, got an unreadable file"):
        told.extend(batches)
    assert [sample["index"] for batch in told for sample in batch] == [0, 1, 2]


def test_loading_leaves_the_global_random_state_alone(records):
    before = torch.get_rng_state(), np.random.get_state()[1]
    next(train_batches(dataset(records), batch_size=2, num_workers=0))
    assert torch.equal(before[0], torch.get_rng_state())
    np.testing.assert_array_equal(before[1], np.random.get_state()[1])


def test_shapes_from_disk_to_batch(shapes):
    data = load_voc(shapes, "train")
    batch = next(train_batches(dataset(data.records), batch_size=4, num_workers=0))
    assert [sample["image"].dtype for sample in batch] == [torch.uint8] * 4
    assert all(sample["labels"].max(initial=0) < 6 for sample in map(_as_numpy, batch))


def _as_numpy(sample):
    return {**sample, "labels": sample["labels"].numpy()}
