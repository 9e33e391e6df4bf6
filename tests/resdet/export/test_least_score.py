"""One number of a file is another, and the file tells by it."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch

from resdet.export.graph import LEAST_SCORE
from resdet.export.least_score import with_least_score

SCORES = np.array([0.2, 0.5, 0.9], np.float32)


class Graph(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer(LEAST_SCORE, torch.tensor(0.05))

    def forward(self, scores: torch.Tensor) -> torch.Tensor:
        return scores > getattr(self, LEAST_SCORE)


def test_a_program_of_torch() -> None:
    file = io.BytesIO()
    torch.export.save(torch.export.export(Graph(), (torch.from_numpy(SCORES),)), file)
    data = with_least_score(file.getvalue(), "torch-export", 0.3)
    told = torch.export.load(io.BytesIO(data)).module()(torch.from_numpy(SCORES))
    assert told.tolist() == [False, True, True]


@pytest.mark.parametrize("kind", ["onnx", "openvino"])
def test_a_graph_of_onnx(kind: str) -> None:
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    floats, bools = onnx.TensorProto.FLOAT, onnx.TensorProto.BOOL
    graph = onnx.helper.make_graph(
        [onnx.helper.make_node("Greater", ["scores", LEAST_SCORE], ["told"])],
        "graph",
        [onnx.helper.make_tensor_value_info("scores", floats, [3])],
        [onnx.helper.make_tensor_value_info("told", bools, [3])],
        [onnx.helper.make_tensor(LEAST_SCORE, floats, [], [0.05])],
    )
    opset = [onnx.helper.make_opsetid("", 18)]
    model = onnx.helper.make_model(graph, ir_version=8, opset_imports=opset)
    data = with_least_score(model.SerializeToString(), kind, 0.3)
    (told,) = runtime.InferenceSession(data).run(None, {"scores": SCORES})
    assert told.tolist() == [False, True, True]
