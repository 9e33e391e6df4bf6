"""One measurement, one fresh process: its time and memory are its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import resdet


def run_module(module: str, *arguments: str | Path, env: dict[str, str] | None = None) -> Any:
    """The JSON that `python -m module arguments` prints, on one thread.

    Raises: ValueError with the end of its output where it fails.
    """
    # the child finds this package, and all else, where this process does
    here = os.pathsep.join([str(Path(resdet.__file__).parents[1]), *filter(None, sys.path)])
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
    """The most memory that this process held at once, in MB; None where the system does not say.

    Not `getrusage`: a child's count there begins at what its parent held.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return None
    match = re.search(r"VmHWM:\s*(\d+) kB", status)
    return int(match[1]) * 1024 / 1e6 if match else None
