"""A checkpoint by another runtime: through the exporter's graph, told in one line, proven."""

from __future__ import annotations

import numpy as np
import pytest

from resdet.detector.inference import load_detector
from resdet.runtimes import convert as converting
from resdet.runtimes.convert import convert

IMAGE = np.random.default_rng(0).integers(0, 256, (120, 90, 3), np.uint8)


@pytest.fixture(autouse=True)
def packages() -> None:
    for package in ("onnx", "onnxruntime", "onnxscript"):
        pytest.importorskip(package)


@pytest.fixture
def quickly(monkeypatch: pytest.MonkeyPatch, quartered) -> None:
    """Another graph, which is there already."""
    data = quartered().read_bytes()
    monkeypatch.setattr(converting, "encode_detector", lambda *_: data)


def test_it_is_told_and_held_against_torch(tiny_checkpoint, quickly, capsys) -> None:
    detector = convert(tiny_checkpoint, "onnxruntime", (), fastest=False)
    assert detector.class_names[:2] == ("circle", "square")
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("runtime: onnxruntime ")
    assert " s, the first 3 images are held against torch" in line
    with pytest.raises(ValueError, match=r"of onnxruntime must be torch's .* on 0 \(90x120\)"):
        detector(IMAGE, channel_order="RGB")


def test_what_has_no_graph_is_refused_or_left_to_torch(tiny_checkpoint, monkeypatch, capsys):
    def encode(*_):
        raise ValueError("network must be one that ONNX can hold")

    monkeypatch.setattr(converting, "encode_detector", encode)
    with pytest.raises(ValueError, match="that ONNX can hold"):
        convert(tiny_checkpoint, "onnxruntime", (), fastest=False)
    assert convert(tiny_checkpoint, "onnxruntime", (), fastest=True) is None
    told = "runtime: torch, as onnxruntime runs no such detector: network must be one that ONNX"
    assert told in capsys.readouterr().out


def test_extras_of_the_config_are_torchs(small_config, tmp_path) -> None:
    import torch

    from resdet.checkpoints import checkpoint
    from resdet.detector.build import build_model
    from resdet.engines.registry import load

    cfg, engine = small_config("TEST.REFINE", "True"), load("tv")
    torch.manual_seed(0)
    state = engine.canonical_state(build_model(cfg, engine)[0])
    saved = checkpoint.DetectorCheckpoint(state, cfg, tuple("abcdef"), "tv", 0, {})
    checkpoint.save(tmp_path / "m.pth", saved)
    with pytest.raises(ValueError, match=r"must be torch for a detector .*\(box refinement\)"):
        convert(tmp_path / "m.pth", "onnxruntime", (), fastest=False)


@pytest.mark.parametrize("times", [0.5, 2.0])
def test_the_fastest_is_found_by_trying(tiny_checkpoint, quickly, monkeypatch, capsys, times):
    monkeypatch.setattr(converting, "_times_as_fast", lambda *_: times)
    detector = convert(tiny_checkpoint, "onnxruntime", (), fastest=True)
    assert (detector is None) is (times < 1)
    told = capsys.readouterr().out
    assert ("runtime: torch, 2.00 times as fast here as onnxruntime" in told) is (times < 1)
    assert ("2.00 times as fast here as torch, " in told) is (times > 1)


def test_the_pace_is_of_passes_after_the_first(tiny_checkpoint, monkeypatch) -> None:
    from resdet.export.exportable import load_exportable

    seconds = iter([9.0, 9.0, 3.0, 1.0, 2.0, 4.0])
    monkeypatch.setattr(converting, "_seconds", lambda call: next(seconds))
    assert converting._times_as_fast(load_exportable(tiny_checkpoint), None) == 2.0


def test_on_a_gpu_torch_is_the_fastest(tiny_checkpoint, monkeypatch, capsys) -> None:
    import torch

    device = lambda *_: torch.device("cuda")  # noqa: E731
    monkeypatch.setattr("backbones.machine.distributed.device", device)
    assert convert(tiny_checkpoint, "onnxruntime", (), fastest=True) is None
    assert capsys.readouterr().out == "runtime: torch, on the GPU that is here\n"


@pytest.mark.slow
@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino"])
def test_it_finds_what_torch_finds(tiny_checkpoint, runtime) -> None:
    pytest.importorskip(runtime)
    expected = load_detector(tiny_checkpoint, "tv", "cpu")([IMAGE] * 4, channel_order="RGB")
    found = convert(tiny_checkpoint, runtime, (), fastest=False)([IMAGE] * 4, channel_order="RGB")
    for ours, theirs in zip(found, expected, strict=True):
        assert len(ours) == len(theirs) > 3
        np.testing.assert_allclose(ours.boxes, theirs.boxes, atol=1e-2)
