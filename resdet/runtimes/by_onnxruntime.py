"""onnxruntime: ONNX."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backbones.export import onnx_session
from resdet.runtimes.program import Found, Program, batch_of, output_names, told


def open_program(source: Path | bytes, threads: int) -> Program:
    """Raises: whatever onnxruntime does of a file that is broken."""
    session = onnx_session.opened(source, threads)
    inputs, outputs = session.get_inputs(), session.get_outputs()
    batch = batch_of(inputs[0].shape)

    def run(images: NDArray[np.uint8]) -> Found:
        return Found(*session.run(output_names(batch), {inputs[0].name: images}))

    return Program(
        session.get_modelmeta().custom_metadata_map,
        [_told(value) for value in inputs],
        [_told(value) for value in outputs],
        batch,
        lambda lanes: run,
    )


def _told(value: Any) -> str:
    kind = value.type.removeprefix("tensor(").removesuffix(")")
    return told(value.name, kind, value.shape)
