"""Our detectors as files that other runtimes run, timed as `our_detector` times torch's.

`python -m resdet.benchmarks.exported_detector TASK` prints JSON; its process imports no torch.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from backbones.machine.hardware import threads
from resdet.benchmarks.detector_task import Task, clocked, columns, print_measured
from resdet.benchmarks.measuring import peak_megabytes
from resdet.runtimes.choice import RUNTIMES, of_file


def measure(task: Task) -> dict[str, Any]:
    """By the runtime that the file is made for; images are not resized, as for the others."""
    path = Path(task.weights)
    run = RUNTIMES[of_file(path, "")].opened(path, threads()).start(1)
    images = [np.ascontiguousarray(p.transpose(1, 2, 0)) for (p,) in task.pictures()]
    run(images[0])
    taken = clocked(run, images)
    found = [columns(*run(image)[:3]) for image in images]
    return {**taken, "peak_megabytes": peak_megabytes(), "found": found}


if __name__ == "__main__":
    print_measured(measure)
