"""One loader for checkpoints and exported files: what it takes, what it refuses."""

from __future__ import annotations

import importlib
import subprocess
import sys
from dataclasses import replace

import cv2
import numpy as np
import pytest

import resdet
from backbones.machine.exhaustion import OutOfMemory
from resdet.detector.inference import TorchDetector
from resdet.detector.speed import Speed
from resdet.runtimes.load import files_of, load_detector
from resdet.runtimes.program import Program

WHITE = np.full((64, 48, 3), 255, np.uint8)


@pytest.fixture(params=["onnxruntime", "openvino"])
def runtime(request: pytest.FixtureRequest) -> str:
    pytest.importorskip(request.param)
    return request.param


def test_an_exported_file_finds_in_the_pixels_of_the_image(quartered, runtime) -> None:
    found = resdet.load(quartered(), runtime=runtime)(WHITE, channel_order="RGB")
    assert [d.name for d in found] == ["dog"]
    assert found[0].score == pytest.approx(1)
    assert found[0].box == pytest.approx((0, 0, 24, 32))


def test_torch_is_not_imported_for_it(quartered, runtime, tmp_path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), WHITE)
    code = (
        "import resdet, sys; found = resdet.load(sys.argv[1], runtime=sys.argv[2])(sys.argv[3]);"
        "print(found.names, sorted({'torch', 'matplotlib', 'albumentations'} & set(sys.modules)))"
    )
    words = [sys.executable, "-c", code, quartered(), runtime, tmp_path / "a.png"]
    done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
    assert done.stdout == "['dog'] []\n", done.stderr


def test_auto_says_what_it_takes(quartered, runtime, monkeypatch, capsys) -> None:
    monkeypatch.setattr("resdet.runtimes.choice.importable", lambda name: name == runtime)
    assert load_detector(quartered(), runtime="auto").ran_by == runtime
    told = capsys.readouterr().out
    assert told.startswith(f"runtime: {runtime} ")
    assert told.endswith(", the fastest that is here\n")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"engine": "d2"}, "with --engine d2, got"),
        ({"device": "cuda"}, "with --device cuda, got"),
        ({"speed": Speed("bf16", True)}, "with --precision bf16, --compile, got"),
        ({"testing": ["TEST.REFINE", "True"]}, "with extras of testing, got"),
        ({"overrides": ["A", "1"]}, "with overrides, got .*model.onnx, whose graph is ready made"),
    ],
)
def test_what_only_a_checkpoint_can_do_is_refused(quartered, given, told) -> None:
    pytest.importorskip("onnxruntime")
    with pytest.raises(ValueError, match=f"must be one of train-det {told}"):
        load_detector(quartered(), **given)


def test_a_graph_of_one_image_takes_no_batch(quartered, runtime) -> None:
    told = r"--batch must be left out for .*model.onnx, whose graph takes 1 image, got 4; or export"
    with pytest.raises(ValueError, match=told):
        load_detector(quartered(), speed=Speed(batch=4), runtime=runtime)


def test_a_broken_file_is_one_line(quartered, runtime, tmp_path) -> None:
    path = quartered()
    path.write_bytes(path.read_bytes()[:300])
    told = f"model.onnx must be a file that {runtime} [0-9.]* can run, got one that it cannot"
    with pytest.raises(ValueError, match=told):
        load_detector(path, runtime=runtime)
    (tmp_path / "dir.onnx").mkdir()
    for gone in ("gone.onnx", "dir.onnx"):
        with pytest.raises(FileNotFoundError, match=f"must be an existing file, got .*{gone}"):
            load_detector(tmp_path / gone, runtime=runtime)


@pytest.mark.parametrize("when", ["read", "started"])
def test_memory_that_is_too_small_is_no_broken_file(quartered, runtime, monkeypatch, when) -> None:
    module = importlib.import_module(f"resdet.runtimes.by_{runtime}")
    whole = module.open_program(quartered(), 1)

    def full(*_: object) -> Program:
        raise Exception("Exception from a.cpp:1:\nstd::bad_alloc")

    opened = {"read": full, "started": lambda *_: replace(whole, start=full)}
    monkeypatch.setattr(module, "open_program", opened[when])
    told = r"hold .*model.onnx, got 'std::bad_alloc'; end other programs, .*by OMP_NUM_THREADS=1"
    with pytest.raises(OutOfMemory, match=told):
        load_detector(quartered(), runtime=runtime)(WHITE, channel_order="RGB")


def test_weights_lie_beside_a_graph_of_openvino(tmp_path) -> None:
    pytest.importorskip("openvino")
    path = tmp_path / "m.xml"
    path.write_text("<net/>")
    assert files_of(path) == (path, tmp_path / "m.bin")
    assert files_of(tmp_path / "m.onnx") == (tmp_path / "m.onnx",)
    with pytest.raises(FileNotFoundError, match=r"m\.bin must lie beside .*m\.xml, .*; copy both"):
        load_detector(path)


def test_a_checkpoint_is_run_by_torch(tiny_checkpoint, capsys) -> None:
    assert isinstance(load_detector(tiny_checkpoint, "tv", "cpu"), TorchDetector)
    assert "runtime:" not in capsys.readouterr().out
    asked = load_detector(tiny_checkpoint, "tv", "cpu", speed=Speed(batch=2), runtime="auto")
    assert asked.batch == 2
    assert "runtime: torch, which alone does --batch 2\n" in capsys.readouterr().out
    with pytest.raises(ValueError, match=r"--runtime must be torch with --batch 2, got openvino"):
        load_detector(tiny_checkpoint, speed=Speed(batch=2), runtime="openvino")


def test_another_runtime_is_given_the_checkpoint(tiny_checkpoint, monkeypatch) -> None:
    monkeypatch.setattr("resdet.runtimes.choice.importable", lambda name: True)
    asked = []

    def convert(*given, **named):
        asked.append((*given, named))

    monkeypatch.setattr("resdet.runtimes.convert.convert", convert)
    pairs = ("MODEL.RPN.NMS_THRESH", "0.5")
    for runtime in ("onnxruntime", "auto"):  # where it gives nothing, torch runs
        with pytest.raises(ValueError, match="overrides must be empty"):
            load_detector(tiny_checkpoint, "tv", "cpu", pairs, runtime=runtime)
    assert asked == [
        (tiny_checkpoint, "onnxruntime", pairs, {"fastest": False}),
        (tiny_checkpoint, "openvino", pairs, {"fastest": True}),
    ]
