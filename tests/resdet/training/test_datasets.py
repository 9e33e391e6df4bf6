"""Datasets as a run takes them: what it passes over is counted, what it does not is one error."""

import json
import logging
import xml.etree.ElementTree as ET
from itertools import islice

import cv2
import numpy as np
import pytest
import torch

from resdet.config import ConfigError
from resdet.data.loader import DetectionDataset
from resdet.data.shapes.make import make_shapes
from resdet.data.transforms import TestTransform as Resize
from resdet.training.datasets import load_datasets, tally_objects, training_batches

TRAIN, TEST = "voc:.:train", "voc:.:test"


@pytest.fixture
def root(tmp_path):
    make_shapes(tmp_path / "data", num_train=12, num_val=1, num_test=3, size=64, seed=1)
    return tmp_path / "data"


@pytest.fixture
def cfg(root, small_config):
    return small_config("DATASETS.ROOT", str(root))


def image(root, split, number=0):
    stems = (root / "ImageSets" / "Main" / f"{split}.txt").read_text().split()
    return root / "JPEGImages" / f"{stems[number]}.jpg"


def test_a_broken_image_is_left_out_of_training_alone(cfg, root, caplog):
    image(root, "train").write_bytes(b"")
    with caplog.at_level(logging.WARNING, "resdet.data"):
        train, test = load_datasets(cfg, [TRAIN, TEST], training=1)
    assert (len(train), len(test)) == (11, 3)
    told = [r.getMessage() for r in caplog.records if "left out: " in r.getMessage()]
    assert len(told) == 1
    assert told[0].endswith(
        f"unreadable or truncated: 1, left out: {image(root, 'train')} (unreadable: an empty file)"
    )
    with pytest.raises(
        ValueError,
        match=r"data_train has images that cannot be used:\n.*\(unreadable: an empty file\)",
    ):
        load_datasets(cfg, [TRAIN])


def make_difficult(root, *names):
    """All objects, or those of some classes."""
    for file in (root / "Annotations").iterdir():
        tree = ET.parse(file)
        for thing in tree.findall("object"):
            if not names or thing.findtext("name") in names:
                thing.find("difficult").text = "1"
        tree.write(file)


def test_a_class_that_is_never_learnt_is_told(cfg, root, caplog):
    make_difficult(root, "circle")
    cfg.DATASETS.USE_DIFFICULT = False
    with caplog.at_level(logging.WARNING, "resdet.data"):
        (train,) = load_datasets(cfg, [TRAIN], training=1)
    (told,) = [r.getMessage() for r in caplog.records if "never learnt" in r.getMessage()]
    assert "1 class never learnt, no object takes part in training: circle (difficult" in told
    counted = tally_objects(cfg, [train])
    assert counted.taking_part["circle"] == 0
    learnt = sum(len(s["labels"]) for s in as_shown(cfg, train))
    assert sum(counted.taking_part.values()) == learnt


def as_shown(cfg, data):
    resize = Resize(64, 64)
    return DetectionDataset(data.records, resize, use_difficult=cfg.DATASETS.USE_DIFFICULT)


def test_data_in_which_nothing_is_to_be_learnt_are_refused(cfg, root):
    make_difficult(root)
    cfg.DATASETS.USE_DIFFICULT = False
    fault = r"data_train must have an object that takes part in training, got .*USE_DIFFICULT True"
    with pytest.raises(ValueError, match=fault):
        load_datasets(cfg, [TRAIN, TEST], training=1)
    assert len(load_datasets(cfg, [TEST])) == 1  # to measure
    cfg.DATASETS.USE_DIFFICULT = True
    assert len(load_datasets(cfg, [TRAIN], training=1)) == 1


def test_faults_of_every_dataset_are_one_error(cfg, root):
    for number in range(5):
        image(root, "train", number).write_bytes(b"")
    image(root, "test").write_bytes(b"")
    with pytest.raises(
        ValueError, match="data_train has images that cannot be used, more than a tenth:"
    ) as error:
        load_datasets(cfg, [TRAIN, TEST, TEST], training=1)
    assert str(error.value).count("(unreadable: an empty file)") == 6
    assert str(error.value).endswith("--fix writes a corrected copy")
    for split in ("train", "test"):
        xml = root / "Annotations" / image(root, split).with_suffix(".xml").name
        xml.write_text("<annotation>")
    with pytest.raises(ValueError, match="split 'train' has 1 fault") as error:
        load_datasets(cfg, [TRAIN, TEST], training=1)
    assert "split 'test' has 1 fault" in str(error.value)


def test_images_trained_and_tested_on_are_told(cfg, caplog):
    with caplog.at_level(logging.WARNING, "resdet.data"):
        load_datasets(cfg, [TRAIN, TRAIN], training=1)
    assert "data_train and data_train share images: 12, the score is too good" in caplog.text


def test_annotations_without_an_image_are_told_once(cfg, root, caplog):
    for number in range(4):
        (root / f"Annotations/lost_{number}.xml").write_text("<annotation/>")
    with caplog.at_level(logging.WARNING, "resdet.data"):
        load_datasets(cfg, [TRAIN, TEST], training=1)
    names = "lost_0.xml, lost_1.xml, lost_2.xml, ..."
    assert [record.getMessage() for record in caplog.records] == [
        f"{root}: left out: annotations without an image: 4: {names}"
    ]


def test_mosaics_are_as_many_and_last_as_long_as_the_config_says(cfg, root):
    (train,) = load_datasets(cfg, [TRAIN], training=1)

    def first(many, *changes):
        cfg.merge_from_list(["DATALOADER.NUM_WORKERS", 0, "SOLVER.MAX_ITER", 10, *changes])
        batches = islice(training_batches(cfg, [train], 0, 0), many)
        return [sample["image"] for batch in batches for sample in batch]

    size = cfg.SOLVER.IMS_PER_BATCH
    single = first(10)
    joined = first(10, "INPUT.MOSAIC", 1.0, "INPUT.MOSAIC_UNTIL", 0.5)
    alike = [torch.equal(a, b) for a, b in zip(single, joined)]
    assert alike == [False] * 5 * size + [True] * 5 * size
    some = first(10, "INPUT.MOSAIC", 0.5, "INPUT.MOSAIC_UNTIL", 1.0)
    assert {torch.equal(a, b) for a, b in zip(single, some)} == {True, False}


def test_labels_follow_the_names_of_the_first(tmp_path, small_config):
    def write(name, names):
        cv2.imwrite(str(tmp_path / f"{name}.png"), np.full((40, 60, 3), 9, np.uint8))
        things = [{"id": n, "image_id": 1, "category_id": n, "bbox": [9, 9, 20, 20]} for n in names]
        images = [{"id": 1, "file_name": f"{name}.png", "height": 40, "width": 60}]
        categories = [{"id": n, "name": names[n]} for n in names]
        content = {"images": images, "annotations": things, "categories": categories}
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
        return f"coco:{name}.json:."

    both = [write("train", {1: "a", 2: "b", 3: "c"}), write("val", {1: "c", 4: "a"})]
    root = ("DATASETS.ROOT", str(tmp_path))
    cfg = small_config(*root, "MODEL.ROI_HEADS.NUM_CLASSES", "3")
    train, val = load_datasets(cfg, both, training=1)
    assert train.class_names == val.class_names == ("a", "b", "c")
    assert val.records[0].ground_truth.labels.tolist() == [2, 0]
    for number, there in (("2", "3"), ("4", "3")):
        wrong = small_config(*root, "MODEL.ROI_HEADS.NUM_CLASSES", number)
        with pytest.raises(ConfigError, match=f"NUM_CLASSES must be {there}, .*; set") as error:
            load_datasets(wrong, both, training=1)
        assert str(error.value).count("NUM_CLASSES") == 1
    with pytest.raises(ConfigError, match="classes of val must be among x, .*, got c, a; list"):
        load_datasets(cfg, [write("other", {1: "x"}), both[1]], training=1)
