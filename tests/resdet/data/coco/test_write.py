"""COCO's form as it is written."""

import json
from collections import Counter
from pathlib import Path

import numpy as np

from resdet.data.coco.write import write
from resdet.data.writing import INVERTED, SHAPES, Details, Picture
from resdet.structures.records import GroundTruth, ImageRecord


def test_entries_of_coco_stay_and_others_are_made(tmp_path):
    own = {"id": 9, "image_id": 1, "category_id": 5, "bbox": [1, 2, 3, 4], "mask": "kept"}
    truth = GroundTruth(
        np.array([[1, 2, 4, 6], [0, 0, 0.5, 2], [5, 0, 1, 2]]),
        [1, 0, 0],
        difficult=np.array([False, True, False]),
    )
    details = [Details(entry=own), Details({"pose": "Left"}, shape=True), Details()]
    one = Picture(ImageRecord("a", Path("in/a.jpg"), 40, 60, truth), "a.jpg", 3, details)
    none = Picture(ImageRecord("b", Path("in/b.jpg"), 40, 60), "b.jpg", 4, [])
    told = Counter()
    places = write(tmp_path, {"train": [one], "test": [none]}, ("cat", "dog"), (2, 5), told)
    assert places[Path("in/a.jpg")] == Path("images/a.jpg")
    content = json.loads((tmp_path / "annotations/instances_train.json").read_text())
    assert content["categories"] == [{"id": 2, "name": "cat"}, {"id": 5, "name": "dog"}]
    assert content["images"][0]["id"] == 3
    first, second = content["annotations"]
    assert first == {**own, "image_id": 3}
    assert (second["bbox"], second["area"], second["category_id"]) == ([0, 0, 0.5, 2], 1, 2)
    assert (second["ignore"], second["attributes"]) == (1, {"pose": "Left"})
    assert second["id"] == 2
    assert +told == {SHAPES: 1, INVERTED: 1}
    other = json.loads((tmp_path / "annotations/instances_test.json").read_text())
    assert "annotations" not in other
    assert other["info"]["description"] == "test, converted by resdet"
