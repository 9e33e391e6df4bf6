"""Detections as columns: back to images, image ids by number, classes by name."""

import numpy as np
import pytest

from resdet.evaluation import DetectionTable
from resdet.evaluation.detection_table import turns_as_text
from resdet.structures.records import Detections

BOX, FAR = [0, 0, 10, 10], [50, 50, 60, 60]


def found(image_id, boxes, scores, labels=None):
    labels = [0] * len(boxes) if labels is None else labels
    return Detections(image_id, np.array(boxes, np.float32), np.array(labels), np.array(scores))


def test_table_goes_back_to_images_by_falling_score():
    table = DetectionTable.of([found("x", [BOX, FAR], [0.1, 0.9]), found("y", [BOX], [0.3])])
    images = table.per_image()
    assert [d.image_id for d in images] == ["x", "y"]
    assert images[0].boxes.tolist() == [FAR, BOX]
    assert images[0].scores.tolist() == [0.9, 0.1]


def test_images_are_called_as_the_data_does():
    table = DetectionTable.of([found(7, [BOX], [0.9]), found("dog.jpg", [FAR], [0.8])])
    own = table.for_images({"000007": "a.png", 3: "JPEGImages/dog.jpg"})
    assert own.image_ids == ("000007", 3)
    assert own.boxes.tolist() == [BOX, FAR]


def test_images_by_their_ids_as_text():
    assert turns_as_text([1, 2, 10]).tolist() == [0, 2, 1]
    assert turns_as_text(["b", "a"]).tolist() == [1, 0]
    assert turns_as_text([]).tolist() == []


def test_classes_are_matched_by_name():
    table = DetectionTable.of([found("x", [BOX, FAR], [0.9, 0.8], [0, 1])])
    assert table.for_classes(["a", "b"], ["b", "a"]).labels.tolist() == [1, 0]
    alone = table.for_classes(["a", "b"], ["b"])
    assert (alone.labels.tolist(), alone.boxes.tolist()) == ([0], [FAR])
    with pytest.raises(ValueError, match=r"got \[a, b\] for \[a, c\]"):
        table.for_classes(["a", "b"], ["a", "c"])
