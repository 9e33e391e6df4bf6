"""Each runtime as its documentation calls it: a file, and what runs a picture, on one thread.

Whatever else there is in a file, `run` gives boxes, labels and scores, of a batch also images.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Run = Callable[[Any], Sequence[Any]]


def resdet(path: str) -> Run:
    """Torch, as the project runs a checkpoint; of this alone it knows."""
    import torch

    import resdet

    torch.set_num_threads(1)
    detector = resdet.load(path, engine="tv", device="cpu")

    def run(image: Any) -> Sequence[Any]:
        found = detector(image, channel_order="RGB")
        return found.boxes, found.labels, found.scores

    return run


def onnxruntime(path: str) -> Run:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    return lambda image: session.run(None, {"image": image})


def openvino(path: str) -> Run:
    import openvino

    core = openvino.Core()
    told = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": "f32"}
    model = core.compile_model(path, "CPU", told)
    names = ("boxes", "labels", "scores")

    def run(image: Any) -> Sequence[Any]:
        found = model(image)
        return [found[name].copy() for name in names]

    return run


def opencv(path: str, **engine: Any) -> Run:
    import cv2
    import numpy as np

    cv2.setNumThreads(1)
    network = cv2.dnn.readNetFromONNX(path, **engine)

    def run(image: Any) -> Sequence[Any]:
        network.setInput(image, "image")
        boxes, labels, scores = network.forward(["boxes", "labels", "scores"])
        if scores is None:
            return np.zeros((0, 4)), np.zeros(0), np.zeros(0)
        return boxes.reshape(-1, 4), labels.reshape(-1), scores.reshape(-1)

    return run


def opencv_classic(path: str) -> Run:
    import cv2

    return opencv(path, engine=cv2.dnn.ENGINE_CLASSIC)


def torch_export(path: str) -> Run:
    import torch
    import torchvision  # noqa: F401  (its operators stand in the graph)

    torch.set_num_threads(1)
    module = torch.export.load(path).module()

    @torch.inference_mode()
    def run(image: Any) -> Sequence[Any]:
        return [column.numpy() for column in module(torch.from_numpy(image))]

    return run


def tinygrad(path: str) -> Run:
    os.environ["DEV"] = "PYTHON"  # its own, without a compiler
    from tinygrad import Tensor
    from tinygrad.nn.onnx import OnnxRunner

    model = OnnxRunner(path)
    if lacking := {node.op for node in model.graph_nodes} - set(model.onnx_ops):
        raise NotImplementedError(f"no {', '.join(sorted(lacking))}")

    def run(image: Any) -> Sequence[Any]:
        found = model({"image": Tensor(image)})
        return [found[name].numpy() for name in ("boxes", "labels", "scores")]

    return run


def onnx2torch(path: str) -> Run:
    import onnx2torch
    import torch

    module = onnx2torch.convert(path)
    return lambda image: [column.numpy() for column in module(torch.from_numpy(image))]


def ncnn(path: str) -> Run:
    """What pnnx makes of it, of one size; a network without its layers is refused."""
    import ncnn

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "model.onnx"
        file.write_bytes(Path(path).read_bytes())
        tool = Path(sys.executable).with_name("pnnx")
        made = subprocess.run(
            [tool, file, "inputshape=[240,320,3]u8"], capture_output=True, text=True, check=False
        )
        param = file.with_suffix(".ncnn.param")
        if not param.is_file():
            raise RuntimeError(f"pnnx: {(made.stderr or made.stdout).strip().splitlines()[-1]}")
        unknown = sorted({line.split()[0] for line in param.read_text().splitlines()[2:]})
        if status := ncnn.Net().load_param(str(param)):
            raise RuntimeError(f"load_param gives {status}: of {', '.join(unknown)} it lacks some")
    raise RuntimeError("load_param takes it: write the rest of this")


def executorch(path: str) -> Run:
    import torch
    import torchvision  # noqa: F401
    from executorch.exir import to_edge

    to_edge(torch.export.load(path)).to_executorch()
    raise RuntimeError("to_executorch takes it: write the rest of this")


def coremltools(path: str) -> Run:
    import coremltools
    import torch
    import torchvision  # noqa: F401

    coremltools.convert(torch.export.load(path).run_decompositions({}))
    raise RuntimeError("convert takes it: write the rest of this")


def tvm(path: str) -> Run:
    import onnx
    from tvm.relax.frontend.onnx import from_onnx

    from_onnx(onnx.load(path))
    raise RuntimeError("from_onnx takes it: write the rest of this")
