from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from backbones.weights import checkpoint as files
from resdet import engines
from resdet.checkpoints import checkpoint
from resdet.data.voc.reader import load_voc
from resdet.detector.inference import load_detector
from resdet.detector.speed import Speed
from resdet.training.train import train_detector


@pytest.fixture
def trained(small_config, tmp_path: Path) -> Path:
    cfg = small_config("SOLVER.MAX_ITER", "1", "DATASETS.TEST", "()")
    train_detector(cfg, engines.load("tv"), "test", tmp_path / "run")
    return tmp_path / "run/model_final.pth"


def test_arrays_and_records_give_the_same_detections(trained: Path, shapes_root: Path) -> None:
    detector = load_detector(trained, speed=Speed(batch=2))
    records = load_voc(shapes_root, "test").records
    from_disk = list(detector.predict_records(records))
    images = ((r.image_id, cv2.imread(str(r.path))) for r in records)
    from_memory = list(detector.predict_named(images))
    assert [f.image_id for f in from_disk] == [r.image_id for r in records]
    for a, b in zip(from_disk, from_memory):
        assert len(a) == len(b)
        np.testing.assert_allclose(a.boxes, b.boxes, atol=1e-3)
        np.testing.assert_allclose(a.scores, b.scores, atol=1e-5)


def test_prediction_is_lazy(trained: Path) -> None:
    seen = []

    def endless():
        while True:
            seen.append(1)
            yield len(seen), np.zeros((64, 48, 3), np.uint8)

    found = load_detector(trained).predict_named(endless())
    assert next(found).image_id == 1
    assert next(found).image_id == 2
    assert len(seen) == 2


def test_classes_and_config_travel_inside(trained: Path, shapes_root: Path) -> None:
    detector = load_detector(trained)
    assert detector.class_names == load_voc(shapes_root, "test").class_names
    assert detector.input.shorter_side == 96


@pytest.mark.parametrize("keep", [0, 100, -1000])
def test_a_cut_file_is_refused_in_one_line(trained: Path, keep: int) -> None:
    trained.write_bytes(trained.read_bytes()[:keep])
    with pytest.raises(ValueError, match=re.escape(str(trained))):
        load_detector(trained)


def test_a_backbone_is_no_detector(tmp_path: Path) -> None:
    files.save(tmp_path / "b.pth", {"format": "backbones/1"})
    with pytest.raises(ValueError, match=r"must be 'resdet/1', got 'backbones/1'"):
        checkpoint.load(tmp_path / "b.pth")


def test_an_absent_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"must be an existing file, got .*gone\.pth"):
        load_detector(tmp_path / "gone.pth")
