"""OpenVINO: .xml with the .bin beside it, and ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backbones.export import openvino_ir
from backbones.export.openvino_run import started
from resdet.runtimes.program import Found, Program, Run, batch_of, output_names, told


def open_program(source: Path | bytes, threads: int) -> Program:
    """Raises: whatever OpenVINO does of a file that is broken."""
    model = openvino_ir.from_onnx(source) if isinstance(source, bytes) else openvino_ir.read(source)
    held: dict[str, Any] = {}
    if model.has_rt_info([openvino_ir.METADATA]):
        held = model.get_rt_info([openvino_ir.METADATA]).value

    batch = batch_of(_shape(model.inputs[0]))

    def start(lanes: int) -> Run:
        run = started(model, output_names(batch), threads, lanes)

        def detect(images: NDArray[np.uint8]) -> Found:
            return Found(*run(images))

        return detect

    return Program(
        {name: str(value) for name, value in held.items()},
        [_told(port) for port in model.inputs],
        [_told(port) for port in model.outputs],
        batch,
        start,
    )


def _shape(port: Any) -> list[int | None]:
    return [None if axis.is_dynamic else axis.get_length() for axis in port.partial_shape]


def _told(port: Any) -> str:
    return told(port.any_name, port.element_type.get_type_name(), _shape(port))
