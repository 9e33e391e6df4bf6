"""What is asked of an exporter."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

from backbones.export.request import check_request


def test_packages_that_lack_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name: None if "runtime" in name else found(name)
    )
    with pytest.raises(ValueError, match="got no onnxruntime; pip install onnxruntime, or give"):
        check_request("onnx", tmp_path / "a.onnx")
    with pytest.raises(ValueError, match="got no a_runtime; pip install a_runtime$"):
        check_request("openvino", tmp_path / "a.xml", ["a_runtime"])
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ValueError, match="--format openvino needs .* got no onnx, .*, openvino; p"):
        check_request("openvino", tmp_path / "a.xml")
    check_request("torch-export", tmp_path / "a.pt2")


def test_output_must_be_new_and_named_after_its_format(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"--output of --format torch-export must end in \.pt2"):
        check_request("torch-export", tmp_path / "a.onnx")
    (tmp_path / "a.pt2").write_text("old")
    with pytest.raises(ValueError, match=r"--output must be new, got .*a\.pt2, which exists"):
        check_request("torch-export", tmp_path / "a.pt2")


def test_the_file_beside_must_be_new_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    (tmp_path / "a.bin").write_text("another's")
    with pytest.raises(ValueError, match=r"--output must be new, got .*a\.bin, which exists"):
        check_request("openvino", tmp_path / "a.xml")
