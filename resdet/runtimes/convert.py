"""A checkpoint run by another runtime: through the exporter's graph, in memory."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from backbones.machine import distributed
from backbones.machine.hardware import threads
from backbones.terminal.wording import count
from resdet.data.transforms import TestTransform
from resdet.export.detector import encode_detector
from resdet.export.exportable import Exportable, load_exportable
from resdet.export.form import Form, contract_of
from resdet.runtimes.about import About
from resdet.runtimes.choice import RUNTIMES
from resdet.runtimes.detector import ExportedDetector
from resdet.runtimes.proof import IMAGES, Proof


def convert(
    path: Path, chosen: str, overrides: Sequence[str], *, fastest: bool
) -> ExportedDetector | None:
    """The detector of a checkpoint by runtime `chosen`; its first images are held against torch.

    `fastest`: the runtime is not asked for, but found. None, and a line that says why, where only
    torch runs such a detector.
    Raises: FileNotFoundError; ValueError if the file is broken or no detector, or, where the
        runtime is asked for, only torch runs such a detector.
    """
    started, runtime = time.monotonic(), RUNTIMES[chosen]
    if fastest and distributed.device().type == "cuda":
        return None
    detector = load_exportable(path, overrides)
    try:
        data = _onnx_of(detector, path)
    except ValueError as error:
        if not fastest:
            raise
        _tell(f"runtime: torch, as {chosen} runs no such detector: {error}")
        return None
    run = runtime.opened(data, threads()).start()
    why = "the fastest that is here, " if fastest else ""
    _tell(
        *detector.lines,
        f"runtime: {chosen} {runtime.version}, {why}{count(threads(), 'thread')}; converted in "
        f"{time.monotonic() - started:.1f} s, the first {IMAGES} images are held against torch",
    )
    about = About(detector.class_names, TestTransform(detector.size, detector.max_size))
    return ExportedDetector(run, about, chosen, Proof(detector, chosen))


def _tell(*lines: str) -> None:
    for line in lines if distributed.is_main() else ():
        print(line, flush=True)


def _onnx_of(detector: Exportable, path: Path) -> bytes:
    """Raises: ValueError if it looks for more than the plain test, or ONNX cannot hold it."""
    if detector.extras:
        raise ValueError(
            f"--runtime must be torch for a detector with extras of testing ({detector.extras}), "
            "got another; leave it out"
        )
    form = Form("onnx")
    return encode_detector(detector, contract_of(detector, path, form), form)
