"""What is measured of evaluation, as rows."""

import pytest

from resdet.benchmarks import evaluation
from resdet.benchmarks.evaluation import benchmark_bootstrap, benchmark_evaluation, rows, tables

VOC = {
    "images": 4952,
    "detections": 470_000,
    "seconds": 2.0,
    "seconds_with_cache": 1.0,
    "ratio": 30.04,
    "peak_megabytes": 400.4,
    "max_difference": 0.0,
    "detectron2_seconds": None,
    "share_of_limit": {"resdet": 0.0125},
}
COCO = {
    "images": 9,
    "detections": 8,
    "seconds": {"numpy": 1.5, "pycocotools": 3.0},
    "ratio": {"numpy": 2.0},
    "difference": {"numpy": 1e-16},
}
BOOTSTRAP = {"images": 3, "detections": 9, "resamples": 1000, "models": 2, "seconds": 0.25}


def test_a_row_a_way_and_empty_where_nothing_was_measured():
    found = rows({"voc": VOC, "coco": COCO, "bootstrap": BOOTSTRAP})
    assert found == {
        "VOC": [
            ["VOC, ours", "2.00", "30.0", "400", "0", "1.25%"],
            ["VOC, ours, XML cached", "1.00", "", "", "", ""],
            ["VOC, detectron2: not here", "", "", "", "", ""],
        ],
        "COCO": [
            ["COCO, numpy", "1.50", "2.0", "", "1.0e-16", ""],
            ["COCO, pycocotools", "3.00", "", "", "", ""],
        ],
        "Bootstrap": [["1,000 resamples of 2 models", "0.25", "", "", "", ""]],
    }
    with_peer = {**VOC, "detectron2_seconds": 60.0, "detectron2_peak_megabytes": 900.0}
    assert rows({"voc": with_peer})["VOC"][-1] == ["VOC, detectron2", "60.00", "1.0", "900", "", ""]


def test_whole_processes_and_growth_have_rows():
    whole = {
        "seconds": {"ours": 2.0, "peer": 90.0},
        "ratio": {"ours": 45.0, "peer": 1.0},
        "peak_megabytes": {"ours": 300.0, "peer": 900.0},
    }
    found = rows({"voc": {**VOC, "whole": whole}, "coco": {**COCO, "whole": whole}})
    expected = [
        ["ours, whole process", "2.00", "45.0", "300", "", ""],
        ["peer, whole process", "90.00", "1.0", "900", "", ""],
    ]
    assert found["VOC"][-2:] == found["COCO"][-2:] == expected
    grown = {"images": [1], "detections": [2000], "seconds": [0.5], "peak_megabytes": [70.0]}
    growth = {"growth": {"resdet eval-voc": grown, "resdet eval-coco": grown}}
    assert rows(growth) == {
        "Growth": [
            [f"{name}, 1 image, 2,000 detections", "0.50", "", "70", "", ""]
            for name in ("resdet eval-voc", "resdet eval-coco")
        ]
    }
    machine = {"cpu": "a processor", "cores": 2, "python": "3"}
    assert [table.title for table in tables({**growth, "environment": machine})] == ["Growth"]


def test_a_table_says_how_much_and_where():
    machine = {"cpu": "a processor", "cores": 2, "python": "3"}
    (table,) = tables({"voc": VOC, "environment": machine})
    assert table.title == "VOC, 4,952 images, 470,000 detections"
    assert table.caption == "a processor, 2 cores, Python 3"


def test_parts_are_of_the_share_that_was_asked_for(monkeypatch):
    asked = {}

    def voc(root, **sizes):
        asked["voc"] = sizes
        root.mkdir()
        (root / "a").write_bytes(b"12345678")
        return {"seconds": 4.0}

    monkeypatch.setattr(evaluation, "benchmark_voc", voc)
    monkeypatch.setattr(evaluation, "measure_limits", lambda *a, **k: {"bandwidth": 4.0})
    measured = benchmark_evaluation(["voc"], 0.01)
    assert asked["voc"] == {"images": 50, "detections": 4700}
    assert measured["voc"] == {"seconds": 4.0, "bytes": 8, "share_of_limit": {"resdet": 0.5}}
    assert {"share", "voc", "environment"} == set(measured)
    for share in (0, 1.5):
        with pytest.raises(ValueError, match=rf"share must be in \(0, 1\], got {share}"):
            benchmark_evaluation([], share)


def test_the_bootstrap_resamples_two_models(tmp_path):
    found = benchmark_bootstrap(tmp_path, images=3, detections=30)
    assert found.pop("seconds") > 0
    assert found == {"images": 3, "detections": 30, "models": 2, "resamples": 1000}
