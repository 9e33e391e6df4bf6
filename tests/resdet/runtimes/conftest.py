"""A graph that is as an exported detector's, and finds one box: the upper left quarter."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

ABOUT = {
    "task": "detection",
    "class_names": json.dumps(["cat", "dog"]),
    "preprocessing": json.dumps({"resize": "outside", "min_size": 32, "max_size": 64}),
}


def quarter(path: Path, metadata: dict[str, str] = ABOUT) -> Path:
    """Write it: the box is a dog whose score is the mean of the pixels over 255."""
    import onnx
    from onnx import TensorProto, helper

    def constant(name: str, kind: int, values: list) -> object:
        tensor = helper.make_tensor(name, kind, [len(values)], values)
        return helper.make_node("Constant", [], [name], value=tensor)

    nodes = [
        helper.make_node("Shape", ["image"], ["size"]),
        constant("width and height", TensorProto.INT64, [1, 0]),
        helper.make_node("Gather", ["size", "width and height"], ["corner"]),
        helper.make_node("Cast", ["corner"], ["far"], to=TensorProto.FLOAT),
        constant("half", TensorProto.FLOAT, [0.5, 0.5]),
        helper.make_node("Mul", ["far", "half"], ["middle"]),
        constant("zeros", TensorProto.FLOAT, [0.0, 0.0]),
        helper.make_node("Concat", ["zeros", "middle"], ["box"], axis=0),
        constant("row", TensorProto.INT64, [1, 4]),
        helper.make_node("Reshape", ["box", "row"], ["boxes"]),
        constant("labels", TensorProto.INT64, [1]),
        helper.make_node("Cast", ["image"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["pixels"], ["mean"], keepdims=0),
        constant("white", TensorProto.FLOAT, [255.0]),
        helper.make_node("Div", ["mean", "white"], ["scores"]),
    ]
    given = helper.make_tensor_value_info("image", TensorProto.UINT8, ["height", "width", 3])
    outputs = [
        helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, 4]),
        helper.make_tensor_value_info("labels", TensorProto.INT64, [1]),
        helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1]),
    ]
    graph = helper.make_graph(nodes, "quarter", [given], outputs)
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=8)
    helper.set_model_props(model, metadata)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    return path


@pytest.fixture
def quartered(tmp_path: Path) -> Callable[..., Path]:
    """`quartered("a.onnx", key="value", ...)` -> a file; skips where onnx is absent."""
    pytest.importorskip("onnx")

    def make(name: str = "model.onnx", **metadata: str) -> Path:
        return quarter(tmp_path / name, {**ABOUT, **metadata})

    return make
