"""An ONNX file opened by onnxruntime, on the CPU."""

from __future__ import annotations

from pathlib import Path

import onnxruntime

_FATAL = 4  # and nothing less, of what it logs: errors it also raises


def opened(source: Path | bytes, threads: int) -> onnxruntime.InferenceSession:
    """Threads that wait for work give their cores to others.

    Raises: whatever onnxruntime does of a file that is broken.
    """
    options = onnxruntime.SessionOptions()
    options.log_severity_level = _FATAL
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(source, options, providers=["CPUExecutionProvider"])
