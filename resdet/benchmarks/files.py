"""Detectors in files, checkpoints and exported ones, timed in turn on the same pictures.

`python -m resdet.benchmarks.files TASK` times one of them and prints JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from backbones.images.decoding import read_image
from backbones.images.folders import SUFFIXES, files_below, spread
from backbones.machine.hardware import available_cores
from resdet.benchmarks.measuring import peak_megabytes, run_module
from resdet.runtimes.load import load_detector

MOST = 40  # pictures
PASSES = 3  # over them, in one process: the first makes kernels for each size


@dataclass(frozen=True)
class _Task:
    file: str
    pictures: Sequence[str]


def benchmark_files(files: Sequence[Path], images: Path, rounds: int = 2) -> dict[str, Any]:
    """{threads: {processor seconds, wall seconds of a picture, peak megabytes}} of each file.

    A picture is decoded before, and detected in from the array on: the least of all passes, the
    mean of all pictures. Each file has a process of its own in every round.
    Raises: ValueError if a file cannot be loaded.
    """
    import torch  # which the process of an exported file does without

    from backbones.benchmarks.conditions import benchmark_conditions

    found = [images / name for name in sorted(files_below(images, SUFFIXES))]
    chosen = [str(path) for path in spread(found, MOST)]
    measured: dict[str, Any] = {}
    for threads in sorted({1, available_cores()}):
        runs: dict[str, list[Any]] = {str(file): [] for file in files}
        for _ in range(rounds):
            for file, done in runs.items():
                task = json.dumps(asdict(_Task(file, chosen)))
                env = {"OMP_NUM_THREADS": str(threads)}
                done.append(run_module("resdet.benchmarks.files", task, env=env))
        measured[f"threads {threads}"] = {
            key: {file: _least(key, done) for file, done in runs.items()}
            for key in ("seconds", "wall_seconds", "peak_megabytes")
        }
    return {
        "pictures": len(chosen),
        "rounds": rounds,
        "megabytes": {str(file): _on_disk(file) for file in files},
        **measured,
        **benchmark_conditions(torch.device("cpu")),
    }


def _least(key: str, runs: Sequence[Any]) -> float:
    """Of a picture, the mean of all; of a process."""
    if key == "peak_megabytes":
        return max(run[key] or 0.0 for run in runs)
    of_pictures = [min(times) for times in zip(*(run[key] for run in runs))]
    return sum(of_pictures) / len(of_pictures)


def _on_disk(file: Path) -> float:
    """With the weights beside an .xml."""
    both = [file, file.with_suffix(".bin")] if file.suffix == ".xml" else [file]
    return sum(one.stat().st_size for one in both) / 1e6


def _measure(task: _Task) -> dict[str, Any]:
    detector = load_detector(task.file)
    pictures = [read_image(path, "RGB") for path in task.pictures]
    clocks = {"seconds": time.process_time, "wall_seconds": time.perf_counter}
    least = {name: [float("inf")] * len(pictures) for name in clocks}
    for _ in range(PASSES):
        for at, picture in enumerate(pictures):
            before = {name: clock() for name, clock in clocks.items()}
            detector(picture, channel_order="RGB")
            for name, clock in clocks.items():
                least[name][at] = min(least[name][at], clock() - before[name])
    return {**least, "peak_megabytes": peak_megabytes()}


if __name__ == "__main__":
    print(json.dumps(_measure(_Task(**json.loads(sys.argv[1])))))
