"""An environment for each tool, above that which runs this, and what its driver answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.round_trip.tools import Tool

DRIVERS = Path(__file__).resolve().parent / "drivers"


def installed(folder: Path, name: str, tool: Tool) -> Path:
    """The interpreter that has the tool, made where it is not there."""
    if not tool.version:
        return Path(sys.executable)
    python = folder / name / "bin" / "python"
    done = folder / name / "done"
    wanted = [f"{tool.package or name}=={tool.version}", *tool.beside]
    if done.is_file() and done.read_text() == "\n".join(wanted):
        return python
    subprocess.run(
        [sys.executable, "-m", "venv", "--clear", "--without-pip", python.parents[1]], check=True
    )
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet"]
    alone = [] if tool.whole else ["--no-deps"]
    subprocess.run([*pip, "--disable-pip-version-check", *alone, *wanted], check=True)
    below = python.parents[1] / "lib" / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    own = "\n".join(sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}))
    (below / "site-packages" / "zz_below.pth").write_text(own)
    done.write_text("\n".join(wanted))
    return python


def answers(python: Path, name: str, jobs: Sequence[Mapping[str, Any]], file: Path) -> list[Any]:
    """What the driver of a tool says to each job."""
    file.write_text(json.dumps(list(jobs)))
    driver = name.replace("-", "_") + "_"
    told = subprocess.run(
        [str(python), str(DRIVERS / "run.py"), driver, str(file)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "YOLO_OFFLINE": "true", "YOLO_VERBOSE": "false"},
        capture_output=True,
        text=True,
        check=False,
    )
    if told.returncode:
        raise RuntimeError(f"{name} must run its driver, got:\n{told.stderr[-2000:]}")
    return list(json.loads(told.stdout))
