"""How torch.onnx writes the operators that it has no words for. Imports onnxscript."""

from typing import Any

import numpy as np
import onnx
import torch
from onnxscript import BOOL, FLOAT, opset18

op: Any = opset18  # whose own types admit no result of another operator


def suppress_rows(boxes: FLOAT, scores: FLOAT, iou: float, least: float, limit: int) -> BOOL:
    """`suppression.by_rows`: NonMaxSuppression, and a mask of what it chose."""
    chosen = op.NonMaxSuppression(
        boxes,
        op.Unsqueeze(scores, op.Constant(value_ints=[1])),
        op.Constant(value_ints=[limit]),
        op.Constant(value_floats=[_next_above(iou)]),
        op.Constant(value_floats=[least]),
    )
    places = op.Gather(chosen, op.Constant(value_ints=[0, 2]), axis=1)  # row and box
    number = op.Shape(chosen, start=0, end=1)
    ones = op.ConstantOfShape(number, value=onnx.helper.make_tensor("one", 1, [1], [1.0]))
    zeros = op.Mul(scores, op.Constant(value_float=0.0))
    return op.Cast(op.ScatterND(zeros, places, ones), to=onnx.TensorProto.BOOL)


def _next_above(iou: float) -> float:
    """The next number of float32, 1 at most: OpenVINO drops boxes that overlap by `iou` itself.

    Behind 0, where that would leave one box a row, the next that no processor takes for 0.
    """
    least = float(np.finfo(np.float32).tiny)
    return float(np.nextafter(np.float32(max(iou, least)), np.float32(1)))


def roi_pool(features: FLOAT, rois: FLOAT, scale: float, height: int, width: int) -> Any:
    """`torchvision.ops.roi_pool`; what the second output is, nobody reads."""
    pooled = op.MaxRoiPool(features, rois, pooled_shape=(height, width), spatial_scale=scale)
    return pooled, op.Identity(pooled)


TRANSLATIONS = {
    torch.ops.resdet.suppress_rows.default: suppress_rows,
    torch.ops.torchvision.roi_pool.default: roi_pool,
}
