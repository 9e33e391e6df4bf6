"""The benchmark of VOC at a small size: what it measures is what eval_voc would compute."""

import json

import numpy as np
import pytest

from resdet.benchmarks import measuring
from resdet.benchmarks.synthetic import make_voc
from resdet.benchmarks.voc import benchmark_voc, evaluate_files, largest_difference
from resdet.data.voc.reader import load_voc
from resdet.evaluation import read_comp4
from resdet.structures.classes import VOC_CLASSES


def test_synthetic_data_are_what_they_say(tmp_path):
    table = make_voc(tmp_path / "VOC2007", num_images=30, num_detections=900, seed=4)
    data = load_voc(tmp_path / "VOC2007", "test", images=False)
    assert (len(data), len(table), data.class_names) == (30, 900, VOC_CLASSES)
    assert [r.image_id for r in data.records] == list(table.image_ids)
    difficult = np.concatenate([r.ground_truth.difficult for r in data.records])
    assert 0.05 < difficult.mean() < 0.4
    boxes = np.concatenate([r.ground_truth.boxes for r in data.records])
    limits = np.tile([500, 375], 2)
    for found in (boxes, table.boxes):
        assert (found[:, 2:] >= found[:, :2]).all()
        assert (found >= 0).all()
        assert (found <= limits).all()
    assert (table.boxes == table.boxes.astype(np.float32)).all()
    assert (table.scores == table.scores.astype(np.float32)).all()
    again = make_voc(tmp_path / "again", num_images=30, num_detections=900, seed=4)
    np.testing.assert_array_equal(table.boxes, again.boxes)
    assert (
        make_voc(tmp_path / "b", num_images=30, num_detections=900).boxes[0, 0] != again.boxes[0, 0]
    )


def test_a_small_benchmark(tmp_path):
    result = benchmark_voc(tmp_path, images=12, detections=600, runs=2, peer=False)
    json.dumps(result, allow_nan=False)
    assert result["ratio"] is result["max_difference"] is result["detectron2_seconds"] is None
    assert result["cpu_ratio"] is None
    assert 0 < result["cpu_seconds"] < result["seconds"] + 1
    assert sorted(result["seconds_of_parts"]) == ["annotations", "detections", "matching", "scores"]
    assert min(result["seconds_of_runs"]) <= result["seconds"] <= max(result["seconds_of_runs"])
    assert result["peak_megabytes"] is None or 10 < result["peak_megabytes"] < 500
    files = evaluate_files(tmp_path / "VOC2007", "test", tmp_path / "comp4")
    assert result["mAP"] == files["mAP"]
    assert 0 < result["mAP"]["area"]["0.95"] < result["mAP"]["area"]["0.50"] < 1
    assert len(read_comp4(tmp_path / "comp4", VOC_CLASSES)) == 600


def test_differences_are_of_classes_that_have_objects():
    def numbers(a, b):
        return {"per_class": {m: {"a": {"0.50": a}, "b": {"0.50": b}} for m in ("11point", "area")}}

    assert largest_difference(numbers(0.5, None), numbers(0.25, float("nan"))) == 0.25


def test_a_process_that_fails_says_why():
    with pytest.raises(ValueError, match=r"resdet.benchmarks.voc must finish, got exit 1:.*"):
        measuring.run_module("resdet.benchmarks.voc", "nowhere", "test", "nothing")


def test_memory_is_that_of_this_process():
    before = measuring.peak_megabytes()
    if before is None:
        pytest.skip("the system does not say")
    block = np.ones(60_000_000, np.uint8)
    held = measuring.peak_megabytes()
    assert held is not None
    assert held >= before
    assert held >= len(block) / 1e6
