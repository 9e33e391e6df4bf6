"""The benchmark of VOC at a small size: what it measures is what eval_voc would compute."""

import json

from resdet.benchmarks.voc import benchmark_voc, evaluate_files, largest_difference
from resdet.evaluation import read_comp4
from resdet.structures.classes import VOC_CLASSES


def test_a_small_benchmark(tmp_path):
    result = benchmark_voc(tmp_path, images=12, detections=600, runs=1, peer=False)
    json.dumps(result, allow_nan=False)
    assert result["ratio"] is result["max_difference"] is result["detectron2_seconds"] is None
    assert result["cpu_ratio"] is None
    assert 0 < result["cpu_seconds"] < result["seconds"] + 1
    assert sorted(result["seconds_of_parts"]) == ["annotations", "detections", "matching", "scores"]
    assert min(result["seconds_of_runs"]) <= result["seconds"] <= max(result["seconds_of_runs"])
    assert result["peak_megabytes"] is None or 10 < result["peak_megabytes"] < 500
    assert list(result["whole"]["seconds"]) == [
        "resdet eval-voc",
        "resdet eval-voc --as detectron2",
    ]
    assert result["whole"]["ratio"] == {}
    files = evaluate_files(tmp_path / "VOC2007", "test", tmp_path / "comp4")
    assert result["mAP"] == files["mAP"]
    mean = result["mAP"]["11point"]  # of area detectron2 has NaN: not every class has an object
    assert 0 < mean["0.95"] < mean["0.50"] < 1
    assert len(read_comp4(tmp_path / "comp4", VOC_CLASSES)) == 600


def test_differences_are_of_classes_that_have_objects():
    def numbers(a, b):
        return {"per_class": {m: {"a": {"0.50": a}, "b": {"0.50": b}} for m in ("11point", "area")}}

    assert largest_difference(numbers(0.5, None), numbers(0.25, float("nan"))) == 0.25
