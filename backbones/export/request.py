"""What is asked of an exporter, looked at before anything heavy is imported."""

from __future__ import annotations

import importlib.util
from pathlib import Path

SUFFIXES = {"onnx": ".onnx", "torch-export": ".pt2"}
_PACKAGES = ("onnx", "onnxruntime", "onnxscript")


def check_request(kind: str, output: Path) -> None:
    """Find out before the work what would be in its way.

    Raises: ValueError if a package is absent, or something is there already.
    """
    absent = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
    if kind == "onnx" and absent:
        raise ValueError(
            f"--format onnx needs {' '.join(_PACKAGES)}, got no {', '.join(absent)}; "
            f"pip install {' '.join(absent)}, or give --format torch-export, which needs none"
        )
    if output.suffix != SUFFIXES[kind]:
        raise ValueError(f"--output of --format {kind} must end in {SUFFIXES[kind]}, got {output}")
    if output.exists():
        raise ValueError(f"--output must be new, got {output}, which exists; give another name")
