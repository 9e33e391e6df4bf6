"""What a graph finds, in the pixels of the image that was given; what a graph cannot run."""

from __future__ import annotations

import threading
import time

import numpy as np
import pytest

from backbones.machine.exhaustion import OutOfMemory
from resdet.data import transforms
from resdet.runtimes.about import About
from resdet.runtimes.detector import ExportedDetector
from resdet.runtimes.program import Found
from resdet.structures.records import ImageRecord

ABOUT = About(("cat", "dog"), transforms.TestTransform(8, 32))
IMAGE = np.zeros((16, 24, 3), np.uint8)


def whole(image: np.ndarray) -> Found:
    """One box, as large as the image and a pixel more."""
    height, width = image.shape[:2]
    box = np.array([[0, 0, width + 1, height]], np.float32)
    return Found(box, np.array([1]), np.array([0.5], np.float32))


def test_boxes_are_in_the_pixels_of_the_image_and_inside_it() -> None:
    detector = ExportedDetector(lambda _: whole, ABOUT, "quick")
    found = detector(IMAGE, channel_order="RGB")
    assert [(d.name, d.box) for d in found] == [("dog", (0, 0, 24, 16))]
    assert (detector.ran_by, detector.batch, bool(detector.extras)) == ("quick", 1, False)
    assert repr(detector) == "Detector(2 classes (cat, dog), runtime quick)"


@pytest.mark.parametrize(("transform", "seen"), [(ABOUT.transform, (8, 12)), (None, (16, 24))])
def test_it_gets_what_its_file_asks_for(transform, seen) -> None:
    sizes = []
    run = lambda image: sizes.append(image.shape[:2]) or whole(image)  # noqa: E731
    about = About(("cat", "dog"), transform)
    ExportedDetector(lambda _: run, about, "quick")(IMAGE, channel_order="RGB")
    assert sizes == [seen]


def test_files_are_read_in_their_order(tmp_path) -> None:
    import cv2

    records = []
    for width in (9, 7, 5):
        cv2.imwrite(str(tmp_path / f"{width}.png"), IMAGE[:, :width])
        records.append(ImageRecord(str(width), tmp_path / f"{width}.png", 16, width))
    found = list(ExportedDetector(lambda _: whole, ABOUT, "quick").predict_records(records))
    assert [(f.image_id, f.boxes[0, 2]) for f in found] == [("9", 9), ("7", 7), ("5", 5)]


@pytest.mark.parametrize("cores", ["1", "3"])
def test_the_check_sees_images_one_by_one_until_it_has_enough(cores, monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", cores)
    seen = []

    def check(image, found) -> bool:
        already = len(seen)
        time.sleep(0.01)
        assert len(seen) == already
        seen.append((str(image), len(found)))
        return len(seen) < 2

    detector = ExportedDetector(lambda _: whole, ABOUT, "q", check)
    list(detector.predict_named([(n, IMAGE) for n in "abcd"]))
    assert len(seen) == 2
    assert cores == "3" or seen == [("a (24x16)", 1), ("b (24x16)", 1)]


def test_images_of_a_folder_share_the_threads_and_one_image_has_them_all(monkeypatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "9")
    started = []
    both = threading.Barrier(4, timeout=10)

    def start(lanes: int):
        started.append(lanes)
        return whole if lanes == 1 else lambda image: both.wait() >= 0 and whole(image)

    detector = ExportedDetector(start, ABOUT, "quick")
    assert started == []
    for _ in range(2):
        detector(IMAGE, channel_order="RGB")
        found = list(detector.predict_named(enumerate([IMAGE] * 8)))
        assert [f.image_id for f in found] == list(range(8))
    assert started == [1, 4]


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (RuntimeError("Exception from a.cpp:1:\nCheck 'x' failed\nbad shape\n"), ValueError,
         r"can run in quick, got a.jpg \(24x16\) \(bad shape\); give .*--runtime torch"),
        (Exception("[Error] : 2 : bad rank"), ValueError, r"\(\[Error\] : 2 : bad rank\)"),
        (RuntimeError("can't allocate memory"), OutOfMemory, r"hold a.jpg \(24x16\), got.*smaller"),
    ],
)  # fmt: skip
def test_what_a_runtime_cannot_run_is_one_line(error, kind, told) -> None:
    def run(image):
        raise error

    with pytest.raises(kind, match=told):
        list(ExportedDetector(lambda _: run, ABOUT, "quick").predict_named([("a.jpg", IMAGE)]))


@pytest.mark.parametrize(("axis", "asked", "seen"), [(0, 2, [2, 1, 1]), (3, 1, [3, 3])])
def test_a_graph_of_a_batch_gets_one(axis: int, asked: int, seen: list[int]) -> None:
    given = []

    def run(images: np.ndarray) -> Found:
        given.append(len(images))
        boxes = np.array([[0, 0, at + 1, 1] for at in range(len(images))], np.float32)
        each = np.arange(len(images))
        return Found(boxes, each % 2, np.full(len(images), 0.5, np.float32), each)

    about = About(("cat", "dog"), None)
    detector = ExportedDetector(lambda _: run, about, "q", axis=axis, batch=asked)
    images = [(0, IMAGE), (1, IMAGE[:, :9]), (2, IMAGE), (3, IMAGE)][: 4 if axis == 0 else 3]
    found = list(detector.predict_named(images))
    assert [f.image_id for f in found] == [name for name, _ in images]
    assert [len(f) for f in found] == [1] * len(images)
    assert [f.boxes[0, 2] for f in found] == ([1, 1, 2, 1] if axis == 0 else [1, 1, 2])
    assert sorted(given, reverse=True) == seen


def test_labels_without_a_name_are_refused() -> None:
    detector = ExportedDetector(lambda _: whole, About(("cat",), None), "quick")
    told = r"class_names must be those of the graph, got 1 names and label 1 on a.jpg"
    with pytest.raises(ValueError, match=told):
        list(detector.predict_named([("a.jpg", IMAGE)]))
