"""Which runtime runs which file, and what is told where none does."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from resdet.runtimes import choice

FILES = [Path("m.onnx"), Path("m.xml"), Path("m.pt2")]


@pytest.fixture
def has(monkeypatch: pytest.MonkeyPatch):
    def install(*packages: str) -> None:
        monkeypatch.setattr(choice, "importable", lambda name: name in packages)

    install("torch", "openvino", "onnxruntime", "onnx", "onnxscript")
    return install


def test_an_exported_file_is_told_by_its_name() -> None:
    assert all(map(choice.is_exported, FILES))
    assert not choice.is_exported(Path("model_final.pth"))


def test_what_torch_has_saved_is_none_whatever_its_name(tmp_path: Path) -> None:
    for name in FILES:
        torch.save({}, tmp_path / name)
        assert not choice.is_exported(tmp_path / name)


def test_a_file_is_run_by_what_it_is_made_for_or_by_the_fastest(has) -> None:
    assert [choice.of_file(f, "") for f in FILES] == ["onnxruntime", "openvino", "torch"]
    assert [choice.of_file(f, "auto") for f in FILES] == ["openvino", "openvino", "torch"]
    assert choice.of_file(FILES[0], "openvino") == "openvino"
    has("onnxruntime", "torch")
    assert choice.of_file(FILES[0], "auto") == "onnxruntime"


def test_a_checkpoint_is_run_by_torch_unless_another_is_asked_for(has) -> None:
    assert [choice.of_checkpoint(asked, ()) for asked in ("", "torch")] == ["torch", "torch"]
    assert choice.of_checkpoint("auto", ()) == "openvino"
    assert choice.of_checkpoint("auto", ["--compile"]) == "torch"
    has("torch", "openvino", "onnxruntime")  # nothing makes ONNX
    assert choice.of_checkpoint("auto", ()) == "torch"
    told = "there is no onnx and no onnxscript; pip install '.[openvino]' for one that is often"
    assert told in choice.why_torch(())
    has("torch", "onnxruntime", "onnx", "onnxscript")
    assert choice.of_checkpoint("auto", ()) == "onnxruntime"


def test_what_cannot_be_is_refused_with_the_way_out(has) -> None:
    for path, asked, told in (
        (FILES[0], "torch", r"openvino or onnxruntime for a .onnx file, got torch for m.onnx; lea"),
        (FILES[1], "onnxruntime", "openvino for a .xml file, got onnxruntime"),
        (FILES[0], "openvno", "torch, openvino, onnxruntime or auto, got 'openvno'; did you mean"),
    ):
        with pytest.raises(ValueError, match=f"--runtime must be {told}"):
            choice.of_file(path, asked)
    with pytest.raises(ValueError, match="must be torch with --compile, --batch 2, got openvino"):
        choice.of_checkpoint("openvino", ["--compile", "--batch 2"])
    has("torch", "onnxruntime")
    told = r"--runtime openvino must be installed, got no openvino; pip install '.\[openvino\]'"
    with pytest.raises(ValueError, match=f"{told}, or give --runtime onnxruntime"):
        choice.of_file(FILES[0], "openvino")
    told = r"got no onnx and no onnxscript; pip install '.\[onnx\]', or give --runtime torch"
    with pytest.raises(ValueError, match=told):
        choice.of_checkpoint("onnxruntime", ())
    has("torch")
    with pytest.raises(ValueError, match=r"onnxruntime must be installed.*pip install '.\[onnx\]'"):
        choice.of_file(FILES[0], "auto")
