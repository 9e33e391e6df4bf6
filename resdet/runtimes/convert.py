"""A checkpoint run by another runtime: through the exporter's graph, in memory."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

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
from resdet.runtimes.program import Run
from resdet.runtimes.proof import IMAGES, Proof


def convert(
    path: Path, chosen: str, overrides: Sequence[str], *, fastest: bool
) -> ExportedDetector | None:
    """The detector of a checkpoint by runtime `chosen`; its first images are held against torch.

    `fastest`: the runtime is not asked for, but found. None, and a line that says why, where only
    torch runs such a detector, or runs it faster.
    Raises: FileNotFoundError; ValueError if the file is broken or no detector, or, where the
        runtime is asked for, only torch runs such a detector.
    """
    started, runtime = time.monotonic(), RUNTIMES[chosen]
    if fastest and distributed.device().type == "cuda":
        _tell("runtime: torch, on the GPU that is here")
        return None
    detector = load_exportable(path, overrides)
    try:
        data = _onnx_of(detector, path)
    except ValueError as error:
        if not fastest:
            raise
        _tell(f"runtime: torch, as {chosen} runs no such detector: {error}")
        return None
    start = functools.cache(runtime.opened(data, threads()).start)
    why = ""
    if fastest:
        times = _times_as_fast(detector, start(1))
        if times < 1:
            _tell(
                f"runtime: torch, {1 / times:.2f} times as fast here as {chosen} {runtime.version}"
            )
            return None
        why = f"{times:.2f} times as fast here as torch, "
    _tell(
        *detector.lines,
        f"runtime: {chosen} {runtime.version}, {why}{count(threads(), 'thread')}; converted in "
        f"{time.monotonic() - started:.1f} s, the first {IMAGES} images are held against torch",
    )
    about = About(detector.class_names, TestTransform(detector.size, detector.max_size))
    return ExportedDetector(start, about, chosen, Proof(detector, chosen))


def _times_as_fast(detector: Exportable, run: Run) -> float:
    """Seconds of torch over those of `run`: the least of two passes in turn, after a first one."""
    sides = detector.size, min(detector.size * 4 // 3, detector.max_size)
    image = np.random.default_rng(0).integers(0, 256, (*sides, 3), np.uint8)
    ways: tuple[Callable[[], Any], ...]
    ways = (lambda: detector.detect_resized(image, *sides), lambda: run(image))
    taken = [[_seconds(way) for way in ways] for _ in range(3)]
    torch, other = (min(times) for times in zip(*taken[1:]))
    return torch / other


def _seconds(call: Callable[[], Any]) -> float:
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


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
