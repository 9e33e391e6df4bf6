"""OpenVINO's own form of a network: .xml, and its weights beside it in .bin."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# by which OpenVINO and NNCF tell Google Analytics of each use; both do without
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
import openvino as openvino  # noqa: E402

Array = NDArray[Any]

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


def started(model: Any, outputs: Sequence[str], threads: int) -> Callable[[Array], list[Array]]:
    """The model ready to run: an input -> the outputs of these names.

    In float32, where a processor with matrix units would take bfloat16, and on any cores: two
    processes would be put on the same ones.
    """
    options = {
        "ENABLE_CPU_PINNING": False,
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
    }
    request = openvino.Core().compile_model(model, "CPU", options).create_infer_request()

    def run(image: Array) -> list[Array]:
        request.infer([np.ascontiguousarray(image)])
        return [request.get_tensor(name).data.copy() for name in outputs]

    return run
