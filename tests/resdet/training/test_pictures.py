"""Pictures for a training's boards: the same images each time, truth beside what is found."""

from pathlib import Path

import cv2
import numpy as np
import pytest

from resdet.structures.records import Dataset, Detections, GroundTruth, ImageRecord
from resdet.training.pictures import chosen, pictures

TRUTH = GroundTruth([[5, 5, 40, 40]], [0])
NOTHING = GroundTruth(np.zeros((0, 4)), [])


def records(folder, truths):
    made = []
    for number, truth in enumerate(truths):
        path = folder / f"i{number}.png"
        cv2.imwrite(str(path), np.full((60, 80, 3), 90, np.uint8))
        made.append(ImageRecord(f"i{number}", path, 60, 80, truth))
    return made


def test_they_are_spread_over_the_images_with_objects(tmp_path):
    made = records(tmp_path, [NOTHING if i % 2 else TRUTH for i in range(20)])
    assert [r.image_id for r in chosen(made, 3)] == ["i0", "i6", "i12"]
    assert chosen(made, 3) == chosen(made, 3)
    assert len(chosen(made, 99)) == 10
    assert chosen(made, 0) == []
    assert len(chosen(records(tmp_path, [None, None]), 4)) == 2


@pytest.mark.parametrize("truth", [TRUTH, None])
def test_a_picture_shows_what_is_found_and_what_there_is(tmp_path, truth):
    made = records(tmp_path, [truth])
    dataset = Dataset("shapes_test", "voc", ("cat",), tuple(made), Path())
    found = Detections("i0", [[5, 5, 41, 40], [50, 5, 70, 30]], [0, 0], np.array([0.9, 0.1]))
    ((name, picture),) = pictures(dataset, [found], 4)
    assert name == "shapes_test/i0"
    assert picture.dtype == np.uint8
    if truth is None:
        assert picture.shape == (60, 80, 3)
    else:
        assert picture.shape[1] > 2 * 480
        assert (picture == (0x00, 0xB3, 0x89)).all(axis=2).any()  # correct, in RGB
        assert not (picture == (0xF0, 0x60, 0x2A)).all(axis=2).any()  # too unsure to be shown


def test_a_young_detector_shows_its_best(tmp_path):
    made = records(tmp_path, [TRUTH])
    dataset = Dataset("shapes_test", "voc", ("cat",), tuple(made), Path())
    found = Detections("i0", [[5, 5, 41, 40], [50, 5, 70, 30]], [0, 0], np.array([0.06, 0.05]))
    ((_, picture),) = pictures(dataset, [found], 4)
    assert (picture == (0x00, 0xB3, 0x89)).all(axis=2).any()
    assert not (picture == (0xF0, 0x60, 0x2A)).all(axis=2).any()
