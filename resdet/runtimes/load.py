"""A detector out of any file that holds one, by the runtime that is asked for."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from backbones.machine.exhaustion import OF_ANY, OutOfMemory, first_line, is_exhaustion
from backbones.machine.hardware import threads
from backbones.terminal.wording import count
from resdet.detector.detector import Detector
from resdet.detector.speed import Speed
from resdet.runtimes.about import read_about
from resdet.runtimes.choice import (
    AUTO,
    RUNTIMES,
    TORCH,
    is_exported,
    of_checkpoint,
    of_file,
    why_torch,
)
from resdet.runtimes.detector import ExportedDetector
from resdet.runtimes.program import Run

if TYPE_CHECKING:
    import torch


def load_detector(
    path: str | Path,
    engine: str = "auto",
    device: str | torch.device = "",
    overrides: Sequence[str] = (),
    speed: Speed = Speed(),  # noqa: B008  (frozen)
    testing: Sequence[str] = (),
    runtime: str = "",
) -> Detector:
    """The detector of a checkpoint, or of a file that resdet export wrote, ready to run.

    `runtime` is torch, openvino, onnxruntime or auto, which on a CPU is the fastest that is
    installed; by default a checkpoint is run by torch, an exported file by what it is made for.
    The other arguments are those of `resdet.detector.inference.load_detector`.
    Raises: FileNotFoundError; ValueError if the file is broken or no detector, or the runtime is
        absent or asked for what it does not do.
    """
    path, of_torch = Path(path), list(_of_torch(engine, str(device), speed, testing))
    if is_exported(path):
        of_torch += ["overrides"] if overrides else []
        return _exported(path, runtime, of_torch, speed.batch)
    of_torch += [f"--batch {speed.batch}"] if speed.batch > 1 else []
    chosen = of_checkpoint(runtime, of_torch)
    if chosen != TORCH:
        from resdet.runtimes.convert import convert

        converted = convert(path, chosen, overrides, fastest=runtime == AUTO)
        if converted is not None:
            return converted
    from backbones.machine.distributed import is_main
    from resdet.detector.inference import load_detector as load_by_torch

    if (runtime, chosen) == (AUTO, TORCH) and is_main():
        print(why_torch(of_torch), flush=True)
    return load_by_torch(path, engine, device, overrides, speed, testing)


def files_of(path: Path) -> tuple[Path, ...]:
    """The files that a detector lies in: OpenVINO's weights lie beside its graph."""
    return (path, path.with_suffix(".bin")) if path.suffix == ".xml" else (path,)


def _of_torch(engine: str, device: str, speed: Speed, testing: Sequence[str]) -> Iterator[str]:
    """What is asked for that only torch does, as options."""
    if engine not in ("auto", "tv"):
        yield f"--engine {engine}"
    if device not in ("", "cpu"):
        yield f"--device {device}"
    if speed.precision != "fp32":
        yield f"--precision {speed.precision}"
    if speed.compiled:
        yield "--compile"
    if testing:
        yield "extras of testing"


def _exported(path: Path, asked: str, of_torch: Sequence[str], batch: int) -> ExportedDetector:
    chosen = of_file(path, asked)
    if of_torch:
        raise ValueError(
            f"checkpoint must be one of train-det with {', '.join(of_torch)}, got {path}, whose "
            "graph is ready made; leave them out, or give the checkpoint that it was exported from"
        )
    if not path.is_file():
        raise FileNotFoundError(f"checkpoint must be an existing file, got {path}")
    for part in files_of(path):
        if not part.is_file():
            raise FileNotFoundError(
                f"{part} must lie beside {path}, as the weights of an OpenVINO file do, got no "
                "such file; copy both, or give another checkpoint"
            )
    with _reading(path, chosen):
        program = RUNTIMES[chosen].opened(path, threads())
    about, axis = read_about(path, program), program.batch
    if batch > 1 and axis not in (0, batch):
        raise ValueError(
            f"--batch must be left out for {path}, whose graph takes {count(axis or 1, 'image')}, "
            f"got {batch}; or export it with --batch"
        )

    def start(lanes: int) -> Run:
        with _reading(path, chosen):
            return program.start(lanes)

    if asked == AUTO:
        print(f"runtime: {chosen} {RUNTIMES[chosen].version}, the fastest that is here", flush=True)
    return ExportedDetector(start, about, chosen, axis=axis, batch=batch, share=program.share)


@contextlib.contextmanager
def _reading(path: Path, chosen: str) -> Iterator[None]:
    """Of a broken file, or without memory for it, runtimes raise anything; here it is one line."""
    try:
        yield
    except Exception as error:
        if is_exhaustion(error):
            raise OutOfMemory(str(path), first_line(error), OF_ANY) from None
        raise ValueError(
            f"{path} must be a file that {chosen} {RUNTIMES[chosen].version} can run, got one "
            f"that it cannot ({first_line(error)}); take a whole copy, or export it again"
        ) from error
