"""An OpenVINO model at work on a CPU."""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backbones.export.openvino_ir import openvino
from backbones.export.openvino_parts import by_parts
from backbones.export.openvino_winograd import quickened

Array = NDArray[Any]


def started(
    model: Any, outputs: Sequence[str], threads: int, lanes: int = 1
) -> Callable[[Array], list[Array]]:
    """The model ready to run: an input -> the outputs of these names.

    In float32, where a processor with matrix units would take bfloat16, and on any cores: two
    processes would be put on the same ones. `lanes` inputs at once share the threads.
    """
    quick = by_parts(quickened(model))
    options = {
        "ENABLE_CPU_PINNING": False,
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        **({"NUM_STREAMS": lanes} if lanes > 1 else {"PERFORMANCE_HINT": "LATENCY"}),
    }

    @functools.cache
    def compiled(process: str) -> Any:
        return openvino.Core().compile_model(quick, "CPU", options)

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
