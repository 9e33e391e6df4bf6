"""A folder of pictures through `resdet visualize`, from start-up to the last picture written."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from backbones.machine.hardware import available_cores
from resdet.benchmarks.measuring import Whole, run_whole


def benchmark_visualize(files: Sequence[Path], images: Path, rounds: int = 3) -> dict[str, Any]:
    """{threads: {images per second, processor seconds of an image, peak megabytes}} of each file.

    Each detector draws in all images of the folder, in a process of its own in every round: the
    median of these. `share_of_threads` is how much of the threads' time was computed in.
    Raises: ValueError if a file cannot be loaded or no image be read.
    """
    import torch

    from backbones.benchmarks.conditions import benchmark_conditions

    measured: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as folder:
        drawn = Path(folder)
        for threads in sorted({1, available_cores()}):
            runs: dict[str, list[Whole]] = {str(file): [] for file in files}
            for _ in range(rounds):
                for file, done in runs.items():
                    done.append(_draw(file, images, drawn, threads))
            pictures = len(list(drawn.iterdir()))
            measured[f"threads {threads}"] = _costs(runs, pictures, threads)
    return {
        "pictures": pictures,
        "rounds": rounds,
        **measured,
        **benchmark_conditions(torch.device("cpu")),
    }


def _draw(file: str, images: Path, drawn: Path, threads: int) -> Whole:
    arguments = ("visualize", "--checkpoint", file, "--input", images, "--output", drawn)
    return run_whole("resdet", *arguments, env={"OMP_NUM_THREADS": str(threads)})


def _costs(runs: Mapping[str, Sequence[Whole]], pictures: int, threads: int) -> dict[str, Any]:
    seconds, computed, peak = (
        {file: statistics.median(run[key] for run in done) for file, done in runs.items()}  # type: ignore[literal-required]
        for key in ("seconds", "cpu_seconds", "peak_megabytes")
    )
    return {
        "images_per_second": {file: pictures / each for file, each in seconds.items()},
        "processor_seconds": {file: each / pictures for file, each in computed.items()},
        "peak_megabytes": peak,
        "share_of_threads": {file: computed[file] / seconds[file] / threads for file in runs},
    }
