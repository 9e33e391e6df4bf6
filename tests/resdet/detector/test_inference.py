from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from backbones.weights import checkpoint as files
from resdet import engines
from resdet.checkpoints import checkpoint
from resdet.data.voc.reader import load_voc
from resdet.detector.inference import TorchDetector, load_detector
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

    found = load_detector(trained).predict_named(endless(), live=True)
    assert next(found).image_id == 1
    assert next(found).image_id == 2
    assert len(seen) == 2


@pytest.fixture
def set_threads() -> Iterator[Callable[[int], None]]:
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_detecting_needs_no_compiler(trained: Path) -> None:
    code = f"""
import sys
import numpy as np
import resdet
resdet.load({str(trained)!r})(np.zeros((50, 60, 3), np.uint8), channel_order="RGB")
assert "torchvision" in sys.modules and "torch._dynamo" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_images_at_once_find_what_one_does_and_leave_the_threads_of_others(
    trained: Path, set_threads
) -> None:
    rng = np.random.default_rng(0)
    sizes = [(96, 96), (64, 120), (96, 130), (120, 64)]
    images = [rng.integers(0, 256, (*sizes[n % 4], 3), np.uint8) for n in range(8)]
    detector = load_detector(trained)
    set_threads(1)
    alone = list(detector.predict_named(enumerate(images), live=True))
    set_threads(2)
    assert detector.lanes == 2
    meanwhile = []
    for found in detector.predict_named(enumerate(images)):
        with ThreadPoolExecutor(1) as later:
            meanwhile.append(later.submit(torch.get_num_threads).result())
        one = alone[found.image_id]
        np.testing.assert_array_equal(one.boxes, found.boxes)
        np.testing.assert_array_equal(one.scores, found.scores)
    assert set(meanwhile) == {2} == {torch.get_num_threads()}
    assert len(meanwhile) == len(alone)


@pytest.mark.parametrize(("threads", "lanes", "each"), [(1, 1, 1), (2, 2, 1), (9, 4, 2)])
def test_lanes_share_the_threads(
    threads: int, lanes: int, each: int, trained: Path, set_threads, monkeypatch
) -> None:
    detector, seen = load_detector(trained), set()
    run_batch = detector.run_batch

    def counted(batch):
        seen.add(torch.get_num_threads())
        return run_batch(batch)

    monkeypatch.setattr(detector, "run_batch", counted)
    set_threads(threads)
    assert detector.lanes == lanes
    list(detector.predict_named((n, np.zeros((96, 96, 3), np.uint8)) for n in range(3)))
    assert seen == {each}
    compiled = TorchDetector(
        detector.model, detector.class_names, detector.engine, detector.input, Speed(compiled=True)
    )
    assert compiled.lanes == 1


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
