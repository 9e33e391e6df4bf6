"""Rows are suppressed one by one."""

from __future__ import annotations

import io

import pytest
import torch
from torch import Tensor
from torchvision.ops import nms

from resdet.export.suppression import by_offset, by_rows


def test_by_hand() -> None:
    box = torch.tensor([[0.0, 0, 10, 10], [0, 0, 10, 9], [50, 50, 60, 60]])
    boxes = torch.stack([box, box])
    scores = torch.tensor([[0.5, 0.9, 0.4], [0.9, 0.5, -1.0]])
    kept = by_offset(boxes, scores, 0.5, 0.0, 3)
    assert kept.tolist() == [[False, True, True], [True, False, False]]


def test_each_row_is_torchvisions() -> None:
    torch.manual_seed(0)
    corner = torch.rand(7, 60, 2) * 1000
    boxes = torch.cat([corner, corner + torch.rand(7, 60, 2) * 400], -1)
    scores = torch.rand(7, 60)
    kept = by_offset(boxes, scores, 0.3, 0.0, 60)
    for row in range(7):
        assert kept[row].nonzero()[:, 0].tolist() == sorted(
            nms(boxes[row], scores[row], 0.3).tolist()
        )


def test_none_and_one() -> None:
    boxes = torch.tensor([[[0.0, 0, 10, 10], [0, 0, 10, 9]]])
    assert by_offset(boxes, torch.tensor([[0.0, 0.0]]), 0.5, 0.0, 3).tolist() == [[False, False]]
    assert by_offset(boxes, torch.tensor([[0.0, 0.2]]), 0.5, 0.0, 3).tolist() == [[False, True]]


class Rows(torch.nn.Module):
    def __init__(self, iou: float) -> None:
        super().__init__()
        self.iou = iou

    def forward(self, boxes: Tensor, scores: Tensor) -> Tensor:
        return by_rows(boxes, scores, self.iou, 0.0, 4)


@pytest.mark.parametrize("iou", [0.0, 0.5, 1.0])
def test_an_overlap_of_the_threshold_is_kept_by_every_runtime(iou: float) -> None:
    runtime, openvino = pytest.importorskip("onnxruntime"), pytest.importorskip("openvino")
    pytest.importorskip("onnxscript")
    from resdet.export.onnx_operators import TRANSLATIONS

    row = torch.tensor([[0.0, 0, 20, 10], [0, 0, 10, 10], [50, 0, 60, 10], [70, 0, 80, 10]])
    given = row[None], torch.tensor([[0.9, 0.8, 0.7, 0.6]])
    program = torch.onnx.export(
        Rows(iou).eval(), given, dynamo=True, custom_translation_table=TRANSLATIONS, verbose=False
    )
    file = io.BytesIO()
    program.save(file)
    arrays = [one.numpy() for one in given]
    session = runtime.InferenceSession(file.getvalue(), providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    (by_onnxruntime,) = session.run(None, dict(zip(names, arrays, strict=True)))
    model = openvino.Core().read_model(file.getvalue())
    by_openvino = openvino.compile_model(model, "CPU")(arrays)[0]
    kept = by_offset(*given, iou, 0.0, 4).tolist()
    assert by_onnxruntime.tolist() == by_openvino.tolist() == kept == [[True, iou > 0, True, True]]
