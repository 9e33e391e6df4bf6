"""What is asked of an exporter, looked at before anything heavy is imported."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from pathlib import Path

WEB = "web"  # a folder
SUFFIXES = {"onnx": ".onnx", "torch-export": ".pt2", "openvino": ".xml", WEB: ""}
_PACKAGES = {
    "onnx": ("onnx", "onnxruntime", "onnxscript"),
    WEB: ("onnx", "onnxruntime", "onnxscript"),
    "openvino": ("onnx", "onnxscript", "openvino"),
}


def written(kind: str, output: Path) -> tuple[Path, ...]:
    """The files of one export, or its folder."""
    if kind == WEB:
        return (output,)
    weights = [output.with_suffix(".bin")] if kind == "openvino" else []
    return (output, *weights, beside(output))


def beside(path: Path) -> Path:
    """Where a file says again what it is: `mine.onnx.json`, since `mine.json` may be results."""
    return path.with_name(f"{path.name}.json")


def check_request(kind: str, output: Path, more: Sequence[str] = ()) -> None:
    """Find out before the work what would be in its way; `more` packages are needed besides,
    for what no other format does.

    Raises: ValueError if a package is absent, or something is there already.
    """
    needed = (*_PACKAGES.get(kind, ()), *more)
    if absent := [name for name in needed if importlib.util.find_spec(name) is None]:
        other = "" if more else ", or give --format torch-export, which needs none"
        raise ValueError(
            f"--format {kind} needs {' '.join(needed)}, got no {', '.join(absent)}; "
            f"pip install {' '.join(absent)}{other}"
        )
    if kind != WEB and output.suffix != SUFFIXES[kind]:
        raise ValueError(f"--output of --format {kind} must end in {SUFFIXES[kind]}, got {output}")
    for file in written(kind, output):
        if file.exists():
            raise ValueError(f"--output must be new, got {file}, which exists; give another name")
