"""One measurement, one fresh process: its time and memory are its own.

`python -m resdet.benchmarks.measuring MODULE ARGUMENTS` runs `python -m MODULE ARGUMENTS` and
prints what that cost as JSON. It holds little itself, which a child's memory begins with.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict

from backbones.benchmarks.peak_memory import process_megabytes

_MAXRSS = 1 if sys.platform == "darwin" else 1024  # bytes


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


class Whole(TypedDict):
    """What a process cost from its start to its end, and what it printed."""

    seconds: float
    cpu_seconds: float
    peak_megabytes: float
    printed: str


def run_whole(module: str, *arguments: str | Path, env: dict[str, str] | None = None) -> Whole:
    """What `python -m module arguments` costs, start-up and all, on one thread.

    Raises: as `run_module`.
    """
    whole: Whole = run_module("resdet.benchmarks.measuring", module, *arguments, env=env)
    return whole


def printed_json(whole: Whole) -> Any:
    """What stands in the last line."""
    return json.loads(whole["printed"].splitlines()[-1])


def peak_megabytes() -> float | None:
    """The most memory that this process held at once, in MB; None where the system does not say."""
    return process_megabytes("VmHWM")


def main(argv: Sequence[str]) -> None:
    """Print what a module costs. Ends as it does where it fails."""
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, "-m", *argv], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        printed = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        sys.exit(process.returncode)
    whole: Whole = {
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_megabytes": usage.ru_maxrss * _MAXRSS / 1e6,
        "printed": printed.decode(),
    }
    print(json.dumps(whole))


if __name__ == "__main__":
    main(sys.argv[1:])
