"""COCO's results file: there and back, and each fault by its name."""

import json

import numpy as np
import pytest

from resdet.evaluation.coco.results import from_coco_results, to_coco_results
from resdet.evaluation.coco.score import evaluate_coco
from resdet.structures.records import Detections

CATEGORIES = {3: "cat", 7: "dog", 90: "owl"}
TRUTH = {
    "images": [{"id": 1}, {"id": 5}],
    "annotations": [{"image_id": 5, "category_id": 3, "bbox": [0, 0, 5, 5]}],
    "categories": [{"id": 3, "name": "cat"}, {"id": 7, "name": "dog"}, {"id": 90, "name": "owl"}],
}
GOOD = {"image_id": 1, "category_id": 3, "bbox": [0, 0, 5, 5], "score": 0.5}


def test_results_round_trip():
    boxes = np.array([[0.1, 0.2, 30.3, 40.4], [1, 2, 3, 4]], np.float32)
    dets = [Detections("x", boxes, [0, 2], np.array([0.7, 0.1], np.float32))]
    entries = to_coco_results(dets, [3, 7, 90], list(CATEGORIES.values()))
    assert entries[1] == {
        "image_id": "x",
        "category_id": 90,
        "bbox": [1, 2, 2, 2],
        "score": pytest.approx(0.1),
        "category_name": "owl",
    }
    assert "category_name" not in to_coco_results(dets, [3, 7, 90])[0]
    table = from_coco_results(json.loads(json.dumps(entries)), [3, 7, 90], ["cat", "dog", "owl"])
    assert table.image_ids == ("x",)
    assert table.labels.tolist() == [0, 2]
    assert table.boxes.astype(np.float32).tolist() == boxes.tolist()
    assert table.scores.astype(np.float32).tolist() == dets[0].scores.tolist()


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ({"image_id": 99999}, r"1 unknown \(99999\)"),
        (
            {"category_id": 4},
            r"got \[3 \?, 4 \?\] for \[3 cat, 7 dog, 90 owl\]; write each entry's",
        ),
        (
            {"category_name": "cow"},
            r"got \[3 cow\] for \[3 cat.*; score a model on data of its own",
        ),
        ({"bbox": [0, 0, 5]}, r"bbox must be finite \[x, y, width, height\] .*, got \[0, 0, 5\]"),
        ({"bbox": [0, 0, -5, 5]}, "sizes not negative"),
        ({"bbox": [0, float("nan"), 5, 5]}, "bbox must be finite"),
        ({"bbox": [0, 10**400, 5, 5]}, "detection 1: bbox must be finite"),
        ({"bbox": None}, "detection 1: bbox must be finite"),
        ({"bbox": [0, 0, 1e200, 5]}, r"bbox must be finite .* up to 1e\+100"),
        ({"bbox": [0, "one", 5, 5]}, "bbox must be finite"),
        ({"score": float("inf")}, "score must be a finite number, got inf"),
        ({"score": None}, "results: detection 1: score must be a finite number, got None"),
        ({"category_id": "circle"}, "category_id must be an integer of 64 bits, got 'circle'"),
        ({"category_id": 1e400}, "category_id must be an integer of 64 bits, got inf"),
        ({"category_id": 10**400}, "category_id must be an integer of 64 bits, got 1000"),
        ({"category_id": 3.5}, r"category_id must be an integer of 64 bits, got 3\.5"),
        ({"category_name": ["cat"]}, r"category_name must be a string, got \['cat'\]"),
        ({"image_id": None}, "image_id must be an integer of 64 bits or a string, got None"),
        ({"image_id": 1e400}, "image_id must be an integer of 64 bits or a string, got inf"),
    ],
)
def test_broken_results(entry, text):
    with pytest.raises(ValueError, match=text):
        evaluate_coco(TRUTH, [GOOD, {**GOOD, **entry}])
