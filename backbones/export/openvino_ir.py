"""OpenVINO's own form of a network: .xml, and its weights beside it in .bin."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

# by which OpenVINO and NNCF tell Google Analytics of each use; both do without
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
import openvino as openvino  # noqa: E402

openvino.Tensor(np.zeros(1))  # looks NumPy up: threads that are the first to, at once, hang

METADATA = "framework"  # where a model keeps what its ONNX file said of itself


def from_onnx(data: bytes) -> Any:
    """The model of an ONNX file."""
    return openvino.Core().read_model(data, b"")


def as_files(model: Any, path: Path) -> dict[Path, bytes]:
    """What is to be written for a model of this path, which ends in .xml."""
    with tempfile.TemporaryDirectory() as folder:
        made = [Path(folder, "model").with_suffix(suffix) for suffix in (".xml", ".bin")]
        openvino.serialize(model, *made)
        return {path.with_suffix(file.suffix): file.read_bytes() for file in made}


def from_files(files: Mapping[Path, bytes]) -> Any:
    """The model as its reader will have it."""
    return openvino.Core().read_model(*files.values())
