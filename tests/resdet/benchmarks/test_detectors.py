"""The benchmark of detectors, at a size of seconds."""

import importlib.util
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from rich.console import Console

from resdet.benchmarks import detectors
from resdet.benchmarks.detector_task import Task
from resdet.detector.speed import Speed

TASK = Task("infer", "R-50-FPN", "w.pth", side=96, calls=2)
LIMITS = {"matrix_rate": {"fp32": 100.0, "bf16": 200.0, "fp16": 200.0}, "bandwidth": 1.0}


def run(seconds, found=None, **more):
    return {"seconds": seconds, "operations": 600, "peak_megabytes": 5, "found": found, **more}


def test_a_summary_compares_with_ours():
    found = [{"boxes": [[0.0, 0.0, 9.0, 9.0]], "labels": [1], "scores": [0.5]}]
    moved = [{"boxes": [[0.0, 0.0, 9.0, 9.25]], "labels": [1], "scores": [0.5]}]
    costs = [{"name": "aten::conv2d", "self_ms": 1500.0, "share": 0.875}]
    runs = {
        "resdet": [run([10.0, 20.0, 90.0], found, profile=costs)],
        "resdet, as asked": [run([15.0, 60.0], found), run([15.0, 15.0], found)],
        "detectron2": [run([30.0], moved)],
        "resdet, openvino": [{**run([5.0, 5.0], found, processor_seconds=[8.0, 9.0, 9.0])}],
    }
    del runs["resdet, openvino"][0]["operations"]  # a graph does not count its own
    tasks = {
        "resdet, openvino": TASK,
        "resdet": TASK,
        "resdet, as asked": replace(TASK, precision="bf16", batch=3),
        "detectron2": TASK,
    }
    summary = detectors._summary(tasks, runs, LIMITS)
    assert summary["seconds"]["resdet, as asked"] == 5.0  # of an image
    ratio = {"resdet": 1.0, "resdet, as asked": 0.25, "detectron2": 1.5, "resdet, openvino": 0.25}
    assert summary["ratio"] == ratio
    assert summary["processor_seconds"] == {"resdet, openvino": 9.0}
    assert summary["operations"]["resdet, openvino"] == 600
    assert summary["operations"]["resdet, as asked"] == 200
    assert summary["share_of_limit"] == pytest.approx(
        {"resdet": 0.25, "resdet, as asked": 0.2, "detectron2": 1 / 6, "resdet, openvino": 1.0}
    )
    assert summary["detections"] == [1]
    assert summary["largest_difference"] == {
        "detectron2": {"boxes": 0.25, "scores": 0.0},
        "resdet, openvino": {"boxes": 0.0, "scores": 0.0},
    }
    console = Console(file=io.StringIO(), width=100)
    console.print(*detectors.profile_tables({"work": "infer", "kinds": {"R-50-FPN": summary}}))
    printed = console.file.getvalue()
    assert "infer R-50-FPN, resdet" in printed
    assert "1500.0" in printed
    assert "87.5%" in printed


def test_runtimes_are_ways_of_inference_on_a_cpu(monkeypatch):
    monkeypatch.setattr(detectors, "absent", lambda name, _: name == "openvino")
    assert detectors._forms(TASK) == {"onnxruntime": "onnx"}
    assert detectors._forms(replace(TASK, work="train")) == {}
    assert detectors._forms(replace(TASK, device="cuda")) == {}


def test_int8_is_a_way_where_nncf_is(monkeypatch):
    asked = []
    monkeypatch.setattr(detectors, "absent", lambda name, _: name != "openvino")
    monkeypatch.setattr(detectors, "write_exported", lambda *given: asked.append(given))
    monkeypatch.setattr(detectors, "write_int8", lambda file, pictures: (file, len(pictures)))
    weights = Path("R-50-FPN.pth")
    for there in (True, False):
        monkeypatch.setattr(detectors, "importable", lambda name, there=there: there)
        files = detectors._exported(TASK, weights)
        exported = Path("R-50-FPN.xml")
        int8 = {"resdet, int8": (exported, detectors.CALIBRATING)} if there else {}
        assert files == {"resdet, openvino": exported, **int8}
    assert asked == [(TASK.kind, weights, ("openvino",))] * 2


def test_a_step_is_not_divided_by_its_images():
    summary = detectors._summary(
        {"resdet": replace(TASK, work="train", batch=4)}, {"resdet": [run([3.0])]}, LIMITS
    )
    assert summary["seconds"] == {"resdet": 3.0}
    assert summary["share_of_limit"] == {"resdet": 1.0}
    assert "largest_difference" not in summary


def test_ways_are_those_asked_for(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert list(detectors._ways(TASK, Speed())) == ["resdet"]
    ways = detectors._ways(replace(TASK, profiled=True), Speed("bf16", True, 4))
    assert list(ways) == ["resdet", "resdet, as asked"]
    asked = ways["resdet, as asked"][1]
    assert (asked.precision, asked.compiled, asked.batch) == ("bf16", True, 4)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    step = replace(TASK, work="train", batch=4, kind="VGG-16", profiled=True)
    ways = detectors._ways(step, Speed(batch=4))
    assert list(ways) == ["resdet", "torchvision"]
    assert ways["torchvision"][1] == replace(step, profiled=False)
    of_c4 = detectors._ways(replace(TASK, kind="R-101-C4"), Speed())
    assert list(of_c4) == ["resdet", "detectron2"]


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        ({"kinds": ["R-50-FPN", "R-18"]}, "kinds must be among R-50-FPN, .*VGG-16, got R-18"),
        ({"side": 32}, "side must be at least 64, got 32"),
        ({"rounds": 0}, "rounds must be at least 1, got 0"),
        ({"calls": 0}, "calls must be at least 1, got 0"),
        ({"batch": 0}, "batch must be at least 1, got 0"),
        ({"precision": "int8"}, "precision must be fp32, bf16 or fp16, got 'int8'"),
        ({"device": "tpu"}, "device must be cpu.*, got 'tpu'"),
    ],
)
def test_values_out_of_range_are_refused(options, fault, tmp_path):
    with pytest.raises(ValueError, match=fault):
        detectors.benchmark_detectors("infer", tmp_path, detectors.Wanted(**options))


@pytest.mark.skipif(torch.cuda.is_available(), reason="a GPU is there")
@pytest.mark.parametrize("device", ["cuda", "cuda:0"])
def test_a_device_that_is_absent_is_refused(device, tmp_path):
    with pytest.raises(ValueError, match=f"device must be cpu: there is no GPU, got '{device}'"):
        detectors.benchmark_detectors("infer", tmp_path, detectors.Wanted(device=device))


@pytest.mark.slow
@pytest.mark.detectron2
def test_detections_are_those_of_detectron2(tmp_path):
    pytest.importorskip("detectron2")
    wanted = detectors.Wanted(kinds=["R-50-FPN"], side=160, calls=1, rounds=1)
    measured = detectors.benchmark_detectors("infer", tmp_path, wanted)
    json.dumps(measured, allow_nan=False)
    kind = measured["kinds"]["R-50-FPN"]
    assert kind["detections"] == [100]
    assert kind["largest_difference"]["detectron2"]["boxes"] < 1e-2
    assert kind["largest_difference"]["detectron2"]["scores"] < 1e-4
    assert set(kind["ratio"]) >= {"resdet", "detectron2", "torchvision"}
    for way in set(kind["ratio"]) - {"resdet", "torchvision"}:  # runtimes too, where they are
        assert kind["largest_difference"][way]["boxes"] < 1e-2
    assert measured["versions"]["detectron2"]


@pytest.mark.slow
@pytest.mark.parametrize(("work", "name"), [("infer", "VGG-16"), ("train", "R-50-FPN")])
def test_as_asked_stands_beside_the_default(work, name, tmp_path):
    wanted = detectors.Wanted(
        kinds=[name],
        side=64,
        calls=1,
        rounds=1,
        precision="bf16",
        compiled=True,
        batch=2,
        profiled=True,
    )
    measured = detectors.benchmark_detectors(work, tmp_path, wanted)
    json.dumps(measured, allow_nan=False)
    kind = measured["kinds"][name]
    assert set(kind["ratio"]) >= {"resdet", "resdet, as asked", "torchvision"}
    assert all(share > 0 for share in kind["share_of_limit"].values())
    operations = kind["operations"]
    assert operations["resdet, as asked"] == pytest.approx(operations["resdet"], rel=0.1)
    assert operations["torchvision"] == pytest.approx(operations["resdet"], rel=0.5)
    assert [len(costs) for costs in kind["profile"].values()] == [5, 5]
    assert not list(tmp_path.iterdir())
