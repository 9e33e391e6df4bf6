"""Images to detections, whatever runs: order, batches, sizes. No network is needed for it."""

from __future__ import annotations

import subprocess
import sys
import threading

import numpy as np
import pytest

from resdet.detector.detector import Detector
from resdet.structures.records import Detections


class Widths(Detector):
    """Finds one box, as wide as the image; runs images of one width together."""

    lanes = 1

    def __init__(self, batch: int = 1, lanes: int = 1) -> None:
        super().__init__(("thing",), "widths", batch)
        self.lanes = lanes
        self.ran: list[list[int]] = []

    def sample(self, image_id, image):
        return image_id, image.shape[1]

    def read(self, records):
        return iter(records)

    def kind(self, sample):
        return sample[1]

    def run_batch(self, batch):
        self.ran.append([width for _, width in batch])
        one = np.array([0.5], np.float32)
        return [Detections(i, [[0, 0, width, 1]], [0], one) for i, width in batch]

    def _told(self):
        return "by width"


WIDTHS = [3, 4, 3, 5, 4, 3, 3]


def named():
    return ((at, np.zeros((1, width, 3), np.uint8)) for at, width in enumerate(WIDTHS))


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("batch", [1, 2, 3, 10])
def test_each_image_has_its_own_detections_in_its_turn(batch: int, lanes: int) -> None:
    detector = Widths(batch, lanes)
    found = list(detector.predict_named(named()))
    assert [f.image_id for f in found] == list(range(len(WIDTHS)))
    assert [f.boxes[0, 2] for f in found] == WIDTHS
    assert all(len(set(ran)) == 1 for ran in detector.ran)
    assert max(map(len, detector.ran)) == min(batch, 4)
    assert [f.boxes[0, 2] for f in detector.predict_records([("a", 7), ("b", 8)])] == [7, 8]


@pytest.mark.parametrize(("lanes", "live", "ahead"), [(1, False, 0), (3, True, 0), (3, False, 3)])
def test_few_images_are_asked_for_ahead_and_none_of_live_ones(lanes, live, ahead) -> None:
    asked = []

    def endless():
        for number in range(1000):
            asked.append(number)
            yield number, np.zeros((1, 3, 3), np.uint8)

    found = Widths(lanes=lanes).predict_named(endless(), live=live)
    for number in range(20):
        assert next(found).image_id == number
        assert len(asked) == number + 1 + ahead


@pytest.mark.parametrize(("number", "elsewhere"), [(1, False), (2, True)])
def test_a_list_of_one_needs_no_threads(number: int, elsewhere: bool) -> None:
    threads = set()

    class Watched(Widths):
        def run_batch(self, batch):
            threads.add(threading.get_ident())
            return super().run_batch(batch)

    Watched(lanes=2)([np.zeros((1, 3, 3), np.uint8)] * number, channel_order="RGB")
    assert (threading.get_ident() not in threads) is elsewhere


def test_an_image_that_cannot_be_run_is_told_in_its_turn() -> None:
    class Breaks(Widths):
        def run_batch(self, batch):
            if batch[0][0] == 3:
                raise ValueError("d.jpg must be whole")
            return super().run_batch(batch)

    found = Breaks(lanes=3).predict_named(named())
    assert [next(found).image_id for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match=r"d\.jpg must be whole"):
        next(found)


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("batch", [1, 2, 3, 10])
def test_images_before_one_that_cannot_be_read_are_told(batch: int, lanes: int) -> None:
    def readable():
        yield from named()
        raise ValueError("h.jpg must be an image")

    told = []
    with pytest.raises(ValueError, match=r"h\.jpg must be an image"):
        told.extend(Widths(batch, lanes).predict_named(readable()))
    assert [f.boxes[0, 2] for f in told] == WIDTHS


def test_a_list_is_answered_by_a_list_an_image_by_one() -> None:
    image = np.zeros((2, 6, 3), np.uint8)
    detector = Widths()
    one = detector(image, channel_order="RGB")
    assert (one.names, one.width, one.height) == (["thing"], 6, 2)
    assert [r.width for r in detector([image, image[:, :4]], channel_order="RGB")] == [6, 4]
    assert repr(detector) == "Detector(1 class (thing), by width)"


def test_it_needs_no_torch() -> None:
    code = "import sys, resdet.detector.detector as d; assert not {'torch'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0
