"""Epochs of a detector: of the images that training shows, as the run counts them."""

import logging
from pathlib import Path

import numpy as np
import pytest

from resdet.config import ConfigError
from resdet.data.shapes.make import make_shapes
from resdet.structures.records import Dataset, GroundTruth, ImageRecord
from resdet.training.length import count_images, in_epochs

TRAIN = ("DATASETS.TRAIN", "['voc:.:train']")


def image(name, boxes, **more):
    truth = GroundTruth(np.array(boxes, float).reshape(-1, 4), np.zeros(len(boxes), int), **more)
    return ImageRecord(name, Path(name), 64, 64, truth)


def test_images_without_boxes_count_where_they_are_trained_on(small_config):
    box = [1, 1, 20, 20]
    records = (
        image("some", [box]),
        image("none", []),
        image("thin", [[1, 1, 1.5, 20]]),
        image("difficult", [box], difficult=np.array([True])),
    )
    data = [Dataset("a", "voc", ("x",), records, Path("a"))]
    assert count_images(small_config(), data) == 4
    leaving_out = ("DATALOADER.FILTER_EMPTY_ANNOTATIONS", "True", "DATASETS.USE_DIFFICULT")
    assert count_images(small_config(*leaving_out, "False"), data) == 1
    assert count_images(small_config(*leaving_out, "True"), data) == 2


def test_epochs_are_of_what_is_trained_on_and_nothing_is_told_twice(small_config, tmp_path, caplog):
    make_shapes(tmp_path / "data", num_train=12, num_val=1, num_test=1, size=64, seed=1)
    min((tmp_path / "data" / "JPEGImages").iterdir()).write_bytes(b"")  # the first to train on
    cfg = small_config(*TRAIN, "DATASETS.ROOT", str(tmp_path / "data"))
    with caplog.at_level(logging.INFO, "resdet.data"):
        pairs, lines = in_epochs(cfg, 2.5, ["SOLVER.WARMUP_ITERS"])
    assert pairs == ["SOLVER.MAX_ITER", "14"]
    assert lines[0] == "length   2.5 epochs of 11 images, 2 in an iteration"
    assert not caplog.records


def test_faults_of_the_data_are_those_of_the_run(small_config):
    with pytest.raises(ConfigError, match="NUM_CLASSES must be 6"):
        in_epochs(small_config(*TRAIN, "MODEL.ROI_HEADS.NUM_CLASSES", "5"), 1, ())
