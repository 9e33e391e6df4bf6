"""The runtimes, their versions, and which form of a detector each is given."""

from __future__ import annotations

from dataclasses import dataclass, replace

from tools.round_trip.tools import Tool

PYTHON, NODE, OWN = "python", "node", ""


@dataclass(frozen=True)
class Runtime:
    """What opens a file of `form` is `opened_by`, a function of the drivers.

    `tool` has its pinned packages; without a version it is part of our own environment. `by` is the
    program that runs the drivers. `remark` is what no number tells.
    """

    form: str
    opened_by: str
    tool: Tool
    by: str = PYTHON
    remark: str = ""


def _package(name: str, version: str, *beside: str) -> Tool:
    return Tool(version, (), (), beside, name)


_OLDER_NUMPY = ("numpy==1.26.4", "coloredlogs==15.0.1", "humanfriendly==10.0")
_CPU = "onnxruntime"
_OPENCV = Runtime("onnx", "opencv", _package("opencv-python-headless", "5.0.0.93"))
_NPM = "labels are BigInt64Array; metadata cannot be read"

RUNTIMES = {
    "onnxruntime-1.17": Runtime("onnx", _CPU, _package(_CPU, "1.17.3", *_OLDER_NUMPY)),
    "onnxruntime-1.20": Runtime("onnx", _CPU, _package(_CPU, "1.20.1")),
    "onnxruntime-1.32": Runtime("onnx", _CPU, _package(_CPU, "1.32.0")),
    "onnxruntime-batch": Runtime("batch", _CPU, _package(_CPU, "")),
    "onnxruntime-node": Runtime("onnx", "onnxruntime-node", _package("", "1.30.0"), NODE, _NPM),
    "onnxruntime-web": Runtime(
        "web", "onnxruntime-web", _package("", "1.30.0"), NODE, f"wasm, in Node; {_NPM}"
    ),
    "openvino": Runtime("openvino", "openvino", _package("openvino", "2026.4.1")),
    "openvino-onnx": Runtime("onnx", "openvino", _package("openvino", "2026.4.1")),
    "openvino-int8": Runtime("int8", "openvino", _package("openvino", "2026.4.1")),
    "opencv-5": replace(_OPENCV, remark="an image that shows nothing gives None"),
    "opencv-5-classic": replace(_OPENCV, opened_by="opencv_classic"),
    "opencv-4": Runtime("onnx", "opencv", _package("opencv-python-headless", "4.14.0.94")),
    "torch": Runtime("torch-export", "torch_export", _package("torch", "")),
    "torch-2.12": Runtime(
        "torch-export", "torch_export", _package("torch", "2.12.0", "torchvision==0.27.0")
    ),
    "tinygrad": Runtime("onnx", "tinygrad", _package("tinygrad", "0.14.0")),
    "onnx2torch": Runtime("onnx", "onnx2torch", _package("onnx2torch", "1.5.15")),
    "ncnn": Runtime("onnx", "ncnn", _package("pnnx", "20261020", "ncnn==1.0.20261020")),
    "executorch": Runtime(
        "torch-export",
        "executorch",
        _package(
            *("executorch", "1.5.1", "ruamel.yaml==0.19.1", "pandas==2.3.3", "pytz==2026.6"),
            *("parameterized==0.9.0", "tabulate==0.9.0", "torchao==0.18.0", "omegaconf==2.3.0"),
        ),
    ),
    "coremltools": Runtime(
        "torch-export",
        "coremltools",
        _package("coremltools", "9.0", "attrs==26.1.0", "cattrs==25.3.0", "pyaml==25.7.0"),
    ),
    "tvm": Runtime(
        "onnx", "tvm", _package("apache-tvm", "0.27.0.post1", "apache-tvm-ffi==0.1.15.post2")
    ),
}
