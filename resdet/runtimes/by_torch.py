"""torch: the programs of torch.export, .pt2."""

from __future__ import annotations

import functools
import json
import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torchvision  # noqa: F401  (its operators stand in the graph)
from numpy.typing import NDArray

from backbones.machine.threads import shared_out
from resdet.runtimes.program import Found, Program, Run, batch_of, told

_METADATA = "metadata.json"


def open_program(source: Path, threads: int) -> Program:
    """A program of torch, which keeps the threads that it has.

    Raises: whatever torch does of a file that is broken.
    """
    held = {_METADATA: ""}
    logging.getLogger("torch.export").setLevel(logging.ERROR)  # it warns, and then raises
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = torch.export.load(source, extra_files=held)

    module = functools.cache(program.module)

    def start(_: int) -> Run:
        @torch.inference_mode()
        def run(images: NDArray[np.uint8]) -> Found:
            return Found(*(column.numpy() for column in module()(torch.from_numpy(images))))

        return run

    values: dict[str, Any] = {node.name: node.meta.get("val") for node in program.graph.nodes}
    signature = program.graph_signature
    inputs = [_told(name, values[name]) for name in signature.user_inputs]
    outputs = [_told(name, values[name]) for name in signature.user_outputs]
    batch = batch_of(_shape(values[signature.user_inputs[0]]))
    return Program(json.loads(held[_METADATA] or "{}"), inputs, outputs, batch, start, shared_out)


def _shape(value: Any) -> list[int | None]:
    return [axis if isinstance(axis, int) else None for axis in getattr(value, "shape", ())]


def _told(name: Any, value: Any) -> str:
    kind = str(getattr(value, "dtype", type(value).__name__)).removeprefix("torch.")
    return told(str(name), kind, _shape(value))
