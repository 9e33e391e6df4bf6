"""OpenVINO's own form of a network: .xml, and its weights beside it in .bin."""

from __future__ import annotations

import functools
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

# by which OpenVINO and NNCF tell Google Analytics of each use; both do without
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
import openvino as openvino  # noqa: E402

openvino.Tensor(np.zeros(1))  # looks NumPy up: threads that are the first to, at once, hang

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


def started(
    model: Any, outputs: Sequence[str], threads: int, lanes: int = 1
) -> Callable[[Array], list[Array]]:
    """The model ready to run: an input -> the outputs of these names.

    In float32, where a processor with matrix units would take bfloat16, and on any cores: two
    processes would be put on the same ones. `lanes` inputs at once share the threads.
    """
    options = {
        "ENABLE_CPU_PINNING": False,
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        **({"NUM_STREAMS": lanes} if lanes > 1 else {"PERFORMANCE_HINT": "LATENCY"}),
    }

    @functools.cache
    def compiled(process: str) -> Any:
        return openvino.Core().compile_model(model, "CPU", options)

    one = threading.Lock()
    requests = threading.local()  # each is of one thread

    def run(image: Array) -> list[Array]:
        own, process = vars(requests), _process(lanes)
        if process not in own:
            with one:
                own[process] = compiled(process).create_infer_request()
        own[process].infer([np.ascontiguousarray(image)])
        return [own[process].get_tensor(name).data.copy() for name in outputs]

    compiled(_process(lanes))
    return run


def _process(lanes: int) -> str:
    """For whom a model is compiled: a fork has none of the threads that lanes run by."""
    return str(os.getpid()) if lanes > 1 else "any"
