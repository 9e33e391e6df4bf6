"""One measurement, one fresh process: its time and memory are its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from backbones.benchmarks.peak_memory import process_megabytes


def run_module(module: str, *arguments: str | Path, env: dict[str, str] | None = None) -> Any:
    """The JSON that `python -m module arguments` prints, on one thread.

    Raises: ValueError with the end of its output where it fails.
    """
    # the child finds this package, and all else, where this process does
    here = os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-m", module, *map(str, arguments)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": here, **(env or {})},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise ValueError(
            f"{module} must finish, got exit {done.returncode}:\n{done.stderr[-2000:]}"
        )
    return json.loads(done.stdout)


def peak_megabytes() -> float | None:
    """The most memory that this process held at once, in MB; None where the system does not say."""
    return process_megabytes("VmHWM")
