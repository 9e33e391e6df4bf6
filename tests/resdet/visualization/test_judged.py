"""An image beside itself: kinds, colours and lines of the gallery, at every size."""

import re
from importlib import resources

import numpy as np
import pytest

from resdet.evaluation.analysis.errors import KINDS
from resdet.structures.records import Detections, GroundTruth
from resdet.visualization.judged import KIND_COLOURS, PAPER, draw_both, draw_judged, line_of

NAMES = ["cat", "dog"]
TRUTH = GroundTruth(
    [[10, 10, 60, 60], [100, 100, 180, 160], [200, 20, 280, 90], [10, 150, 60, 190]],
    [0, 1, 0, 1],
    difficult=[False, False, False, True],
)


def found(*rows):
    boxes, labels, scores = zip(*rows) if rows else (np.zeros((0, 4)), [], [])
    return Detections("a", np.array(boxes, float).reshape(-1, 4), labels, np.array(scores))


FOUND = found(
    ([11, 10, 60, 60], 0, 0.9),
    ([12, 10, 60, 60], 0, 0.8),  # found twice
    ([101, 100, 180, 160], 0, 0.7),  # another class
    ([220, 100, 290, 150], 1, 0.6),  # nothing there
    ([10, 150, 60, 191], 1, 0.5),  # difficult
)


def has(picture, kind):
    red, green, blue = KIND_COLOURS[kind]
    return bool((picture == (blue, green, red)).all(axis=2).any())


def test_colours_are_those_of_the_gallery():
    page = resources.files("resdet.visualization") / "gallery_page" / "gallery.css"
    css = dict(re.findall(r"\.k-(\w+)[^{]*\{ --kind: #(\w{6});", page.read_text()))
    ours = {kind: "{:02x}{:02x}{:02x}".format(*colour) for kind, colour in KIND_COLOURS.items()}
    assert ours == {kind: css[kind] for kind in KINDS}


def test_lines_say_what_colours_say():
    assert line_of("correct") == "solid"
    assert line_of("missed") == "dotted"
    assert {line_of(kind) for kind in ("duplicate", "background", "both")} == {"dashed"}


def test_every_detection_and_object_has_its_kind():
    image = np.full((200, 300, 3), 60, np.uint8)
    judged = draw_judged(image, TRUTH, FOUND, NAMES, title="a.jpg")
    expected = {"correct": 1, "classification": 1, "duplicate": 1, "background": 1}
    assert judged.counts == {**expected, "missed": 1, "ignored": 1}
    picture = judged.picture
    for kind in KINDS:
        assert has(picture, kind) == (kind in judged.counts), kind
    middle = picture.shape[1] // 2
    assert not has(picture[:-60, :middle], "correct")  # the truth is to the left
    assert has(picture[:-60, middle:], "correct")
    assert (image == 60).all()


def test_two_detectors_stand_side_by_side():
    image = np.full((200, 300, 3), 60, np.uint8)
    picture = draw_both(image, TRUTH, {"VGG-16": found(), "ResNet-101": FOUND}, NAMES)
    middle, panels = picture.shape[1] // 2, picture[:-60]
    assert not has(panels[:, :middle], "correct")
    assert has(panels[:, middle:], "correct")
    assert has(panels[:, :middle], "missed")


@pytest.mark.parametrize("size", [(1, 1), (24, 32), (900, 60), (40, 1500), (3000, 4000)])
@pytest.mark.parametrize("detections", [FOUND, found()])
def test_any_size(size, detections):
    image = np.full((*size, 3), 60, np.uint8)
    picture = draw_judged(image, TRUTH, detections, NAMES, title="x" * 300).picture
    assert 480 <= max(picture.shape) <= 2 * 1600 + 100
    assert (picture[0] == PAPER).all()
    assert (picture[-1] == PAPER).all()


def test_nothing_there_and_nothing_found():
    empty = GroundTruth(np.zeros((0, 4)), [])
    judged = draw_judged(np.zeros((50, 50, 3), np.uint8), empty, found(), NAMES)
    assert judged.counts == {}
