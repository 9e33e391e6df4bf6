"""The files a network can leave in, ONNX, OpenVINO's and torch.export's: made in memory, run."""

from __future__ import annotations

import contextlib
import io
import json
import logging
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor, nn

from backbones.export.request import beside
from backbones.files.outputs import json_bytes
from backbones.machine.exhaustion import OF_ANY, OutOfMemory, first_line, is_exhaustion

_AS_JSON = ("class_names", "preprocessing", "network", "int8")  # of what a file says of itself
METADATA = "metadata.json"  # of a .pt2, one of its extra files
OPSET = 18  # what torch.onnx writes without converting
IR = 8  # the first that may hold it: readers refuse later ones for the number alone

Array = NDArray[Any]
Run = Callable[[Array], list[Array]]  # an input -> the outputs


@dataclass(frozen=True)
class Contract:
    """What stands outside of a graph of one input.

    `axes`: number -> name and least size of each axis of the input that may have any size.
    `outputs`: the names of the axes of each output, "" of one that is always the same.
    """

    input: str
    example: Tensor
    axes: Mapping[int, tuple[str, int]]
    outputs: Mapping[str, tuple[str, ...]]
    metadata: Mapping[str, str] = field(default_factory=dict)


def encode(
    graph: nn.Module,
    contract: Contract,
    kind: str,
    translations: Mapping[Any, Callable[..., Any]] | None = None,
) -> bytes:
    """The file of `graph`, which is in eval mode; `translations` are of operators torch.onnx lacks.

    OpenVINO's is made of the ONNX file, which is returned: see `contents`.
    Raises: ValueError for a network that the format cannot hold.
    """
    dims = {
        axis: torch.export.Dim(name, min=least) for axis, (name, least) in contract.axes.items()
    }
    graph.requires_grad_(False)
    with quiet(), _no_branches(), torch.no_grad():
        try:
            program = torch.export.export(graph, (contract.example,), dynamic_shapes=(dims,))
            if kind != "torch-export":
                return _onnx(program, contract, translations or {})
        except Exception as error:  # torch raises anything, at length
            if is_exhaustion(error):
                raise OutOfMemory("the file in the making", first_line(error), OF_ANY) from None
            reason = str(error).strip().partition("\n")[0]
            raise ValueError(
                f"network must be one that torch.export can hold as {kind}, got "
                f"{type(error).__name__}: {reason:.300}; a part of another package may branch on "
                "values, or torch be too old"
            ) from error
        file = io.BytesIO()
        extra = {METADATA: json.dumps(dict(contract.metadata))}
        torch.export.save(program, file, extra_files=extra)
        return file.getvalue()


def _onnx(
    program: torch.export.ExportedProgram,
    contract: Contract,
    translations: Mapping[Any, Callable[..., Any]],
) -> bytes:
    import onnx

    made = torch.onnx.export(
        program,
        dynamo=True,
        opset_version=OPSET,
        input_names=[contract.input],
        output_names=list(contract.outputs),
        custom_translation_table=dict(translations),
        verbose=False,
    )
    assert made is not None
    model: Any = made.model_proto
    model.ir_version = IR
    _forget_origin(model)
    _spell_out(model)
    axes = [contract.axes[axis][0] if axis in contract.axes else "" for axis in range(9)]
    for value in model.graph.input:
        _name_axes(value, axes)
    for value in model.graph.output:
        _name_axes(value, contract.outputs[value.name])
    model.producer_name, model.producer_version = "resdet", contract.metadata["resdet_version"]
    onnx.helper.set_model_props(model, dict(contract.metadata))
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _forget_origin(model: Any) -> None:
    """Drop what each node says of the source line it comes from, and sizes under torch's names."""
    for graph in _graphs(model):
        graph.ClearField("value_info")
        graph.ClearField("metadata_props")
        for node in graph.node:
            node.ClearField("metadata_props")
            node.ClearField("doc_string")


def _spell_out(model: Any) -> None:
    """Write the zero that a `ConstantOfShape` without a value means: OpenCV 5 takes no default."""
    import onnx

    zero = onnx.helper.make_tensor("value", onnx.TensorProto.FLOAT, [1], [0.0])
    for graph in _graphs(model):
        for node in graph.node:
            if node.op_type == "ConstantOfShape" and not node.attribute:
                node.attribute.append(onnx.helper.make_attribute("value", zero))


def _graphs(model: Any) -> Iterator[Any]:
    graphs = [model.graph, *model.functions]
    while graphs:
        graph = graphs.pop()
        yield graph
        for node in graph.node:
            graphs += [attribute.g for attribute in node.attribute if attribute.HasField("g")]


def _name_axes(value: Any, names: Any) -> None:
    for dim, name in zip(value.type.tensor_type.shape.dim, names):
        if name:
            dim.dim_param = name


def contents(data: bytes, kind: str, output: Path) -> dict[Path, bytes]:
    """What is to be written for what `encode` made."""
    if kind == "openvino":
        from backbones.export import openvino_ir

        return openvino_ir.as_files(openvino_ir.from_onnx(data), output)
    return {output: data}


def told_beside(contract: Contract, output: Path) -> dict[Path, bytes]:
    """What a file says of itself, again as JSON: not every runtime reads metadata."""
    told = {key: json.loads(v) if key in _AS_JSON else v for key, v in contract.metadata.items()}
    path = beside(output)
    return {path: json_bytes(path, told)}


def runner(data: bytes, kind: str, contract: Contract) -> Run:
    """Run the file as its reader would: by onnxruntime, by OpenVINO, or by torch as written."""
    if kind == "openvino":
        from backbones.export.openvino_ir import from_onnx
        from backbones.export.openvino_run import started

        return started(from_onnx(data), list(contract.outputs), torch.get_num_threads())
    if kind == "onnx":
        from backbones.export import onnx_session

        session = onnx_session.opened(data, torch.get_num_threads())
        return lambda image: list(session.run(list(contract.outputs), {contract.input: image}))
    with quiet():
        program: nn.Module = torch.export.load(io.BytesIO(data)).module()

    def run(image: Array) -> list[Array]:
        with torch.no_grad():
            return [out.numpy() for out in program(torch.from_numpy(np.ascontiguousarray(image)))]

    return run


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Leave out what exporters tell their developers."""
    loggers = [logging.getLogger(name) for name in ("torch.onnx", "torch.export", "onnxscript")]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels):
                logger.setLevel(level)


@contextlib.contextmanager
def _no_branches() -> Iterator[None]:
    """Without what torch asks of sizes that are not known yet, and has no need of.

    Up to torch 2.11 a pool of stride 2 fixes its input to even sizes, by a remainder that Python's
    floor division does without; later versions have the line that is put here. Up to then, too, a
    convolution chooses its kernel, and by it the memory layout of its output, which no file keeps.
    And a group norm wants to know that it is not trained on a single number.
    """
    from torch import _meta_registrations as shapes

    inner: Any = torch._C
    stand_ins: list[tuple[Any, str, Callable[..., Any]]] = [
        (shapes, "div_rtn", lambda x, y: x // y),
        (inner, "_select_conv_backend", lambda *_, **__: None),
        (inner, "_conv_determine_backend_memory_format", lambda *_: torch.contiguous_format),
        (F, "_verify_batch_size", lambda size: None),
    ]
    with contextlib.ExitStack() as afterwards:
        for owner, name, stand_in in stand_ins:
            if hasattr(owner, name):  # a later torch may ask no more
                afterwards.callback(setattr, owner, name, getattr(owner, name))
                setattr(owner, name, stand_in)
        yield
