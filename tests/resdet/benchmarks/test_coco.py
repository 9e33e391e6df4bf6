"""The benchmark of COCO's evaluation at a small size; the data it makes."""

import filecmp

import pytest

from backbones.files.json_file import read_json
from resdet.benchmarks.coco import benchmark_coco, write_random_coco
from resdet.evaluation import evaluate_coco

SIZE = {"images": 30, "detections": 600, "classes": 4}


def test_small(tmp_path):
    measured = benchmark_coco(tmp_path, **SIZE)
    assert list(measured["seconds"]) == ["numpy", "faster", "pycocotools"]
    assert measured["ratio"]["pycocotools"] == 1
    assert measured["ratio"]["numpy"] == pytest.approx(
        measured["seconds"]["pycocotools"] / measured["seconds"]["numpy"]
    )
    assert measured["difference"]["numpy"] == 0
    assert measured["difference"]["faster"] < 1e-14
    assert 0 < measured["twelve"][0] < 1
    assert all(20 < peak < 2000 for peak in measured["peak_mb"].values())
    assert "pycocotools" in measured["environment"]["packages"]
    whole = measured["whole"]
    assert list(whole["seconds"]) == [
        "resdet eval-coco",
        "resdet eval-coco --as pycocotools",
        "faster",
        "pycocotools",
    ]
    assert whole["seconds"]["pycocotools"] > measured["seconds"]["pycocotools"]


def test_the_data_are_the_same_each_time_and_hold_what_is_hard(tmp_path):
    first, again = (write_random_coco(tmp_path / name, **SIZE) for name in ("a", "b"))
    assert all(filecmp.cmp(*pair, shallow=False) for pair in zip(first, again))
    truth, results = map(read_json, first)
    assert len(results) == 600
    assert len(truth["annotations"]) == 219
    assert any(entry["iscrowd"] for entry in truth["annotations"])
    ids = [category["id"] for category in truth["categories"]]
    assert ids == sorted(ids)
    assert len(ids) == 4
    scores = evaluate_coco(*first)
    assert all(scores[name] > 0 for name in ("AP", "APs", "APm", "APl"))
