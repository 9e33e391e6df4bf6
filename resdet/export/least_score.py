"""A detector's file that tells other scores: one number in it is another, the graph is the same."""

from __future__ import annotations

import io

import torch

from backbones.export.formats import quiet
from resdet.export.graph import LEAST_SCORE


def with_least_score(data: bytes, kind: str, score: float) -> bytes:
    """The file that `encode_detector` made, of that kind, telling what scores above `score`.

    To be compared, not to be written: a .pt2 keeps nothing of what it says of itself.
    """
    if kind == "torch-export":
        file = io.BytesIO()
        with quiet():
            program = torch.export.load(io.BytesIO(data))
            program.state_dict[LEAST_SCORE].fill_(score)
            torch.export.save(program, file)
        return file.getvalue()
    import onnx

    model = onnx.load_from_string(data)
    (least,) = (one for one in model.graph.initializer if one.name == LEAST_SCORE)
    least.CopyFrom(onnx.helper.make_tensor(LEAST_SCORE, onnx.TensorProto.FLOAT, [], [score]))
    return bytes(model.SerializeToString())
