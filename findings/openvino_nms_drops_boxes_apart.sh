#!/usr/bin/env bash
# OpenVINO's NonMaxSuppression at threshold 0 drops boxes that overlap nothing: one is left of each class.
#
# Threshold 0 asks for boxes that do not overlap at all, and is what an ONNX file means that leaves the
# threshold out. OpenVINO's CPU plugin drops a box whose overlap equals the threshold, though its own
# description of the operator keeps it, as onnxruntime and ONNX's reference do; and boxes far from each
# other have an overlap of 0. So the best box of a class takes all the others with it, wherever they
# are; the smallest number above 0 gives them back. At 0.5 only a box is lost that overlaps by just that.
# With a sigma (soft suppression) the same operator drops none of them. No error, no warning.
#
# Seen (Python 3.11, NumPy 2.2.6, Linux x86 CPU): openvino 2026.4.1, onnxruntime 1.32.0, onnx 1.23.2,
# two classes with three boxes each, 90 px apart. Threshold 0, or left out: onnxruntime and onnx's
# reference keep 6 boxes, OpenVINO 2; with 1e-30 it keeps 6. Two boxes of IoU 0.5, threshold 0.5: 2 and 1.
# Exit code: 0 where it behaves so, 1 where it does not any more.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --no-cache-dir --disable-pip-version-check \
    "openvino==2026.4.1" "onnxruntime==1.32.0" "onnx==1.23.2" "numpy==2.2.6" >/dev/null
seen=$("$folder/venv/bin/python" - <<'PYTHON'
import numpy as np
import onnxruntime
import openvino
from onnx import TensorProto, helper
from onnx.reference import ReferenceEvaluator
from openvino import opset9


def onnx_file(threshold):
    """Suppression of at most ten boxes a class; a threshold of None is left out."""
    constants = [helper.make_tensor("most", TensorProto.INT64, [1], [10])]
    names = ["boxes", "scores", "most"]
    if threshold is not None:
        constants.append(helper.make_tensor("threshold", TensorProto.FLOAT, [1], [threshold]))
        names.append("threshold")
    graph = helper.make_graph(
        [helper.make_node("NonMaxSuppression", names, ["kept"])],
        "suppression",
        [
            helper.make_tensor_value_info("boxes", TensorProto.FLOAT, [1, "n", 4]),
            helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, "classes", "n"]),
        ],
        [helper.make_tensor_value_info("kept", TensorProto.INT64, ["k", 3])],
        constants,
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)


def own_model(threshold, sigma):
    """The same as a model of OpenVINO's own operators."""
    boxes = opset9.parameter([1, -1, 4], np.float32)
    scores = opset9.parameter([1, -1, -1], np.float32)
    numbers = [np.int64(10), np.float32(threshold), np.float32(0), np.float32(sigma)]
    kept = opset9.non_max_suppression(boxes, scores, *map(opset9.constant, numbers))
    return openvino.Model([kept.output(0)], [boxes, scores])


def count(model, inputs):
    kept = openvino.compile_model(model, "CPU")(inputs)[0]
    return int((kept[:, 0] >= 0).sum())


def report(name, boxes, scores, threshold):
    inputs = [np.array([boxes], np.float32), np.array([scores], np.float32)]
    feed = dict(zip(["boxes", "scores"], inputs))
    reference = ReferenceEvaluator(onnx_file(threshold or 0.0))
    file = onnx_file(threshold).SerializeToString()
    session = onnxruntime.InferenceSession(file, providers=["CPUExecutionProvider"])
    kept = {
        "onnx": len(reference.run(None, feed)[0]),
        "onnxruntime": len(session.run(None, feed)[0]),
        "OpenVINO": count(openvino.Core().read_model(file), inputs),
        "its own": count(own_model(threshold or 0, 0), inputs),
        "soft": count(own_model(threshold or 0, 0.5), inputs),
    }
    print(f"{name}:", ", ".join(f"{key} {number}" for key, number in kept.items()))


apart = [[0, 0, 10, 10], [100, 0, 110, 10], [200, 0, 210, 10]]
scores = [[0.9, 0.8, 0.7], [0.6, 0.5, 0.4]]
report("apart, threshold left out", apart, scores, None)
report("apart, 0", apart, scores, 0.0)
report("apart, 1e-30", apart, scores, 1e-30)
half = [[0, 0, 20, 10], [0, 0, 10, 10]]
report("half, 0.5", half, [[0.9, 0.8]], 0.5)
report("half, 0.51", half, [[0.9, 0.8]], 0.51)
PYTHON
)
echo "$seen"
