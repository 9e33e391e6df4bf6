"""An environment for each runtime: a Python's above ours, or a folder of npm's."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tools.round_trip.environments import installed as python_of
from tools.runtimes.runtimes import NODE, Runtime

DRIVERS = Path(__file__).resolve().parent / "drivers"


def command(folder: Path, runtime: Runtime) -> list[str]:
    """What runs its driver, installed where it is not there.

    Raises: OSError or CalledProcessError where it cannot be installed.
    """
    tool = runtime.tool
    if runtime.by == NODE:
        _from_npm(folder, runtime.opened_by, tool.version)
        return ["node", str(DRIVERS / "serve.mjs"), str(folder / "npm"), runtime.opened_by]
    name = f"{tool.package}-{tool.version}"
    return [str(python_of(folder, name, tool)), str(DRIVERS / "serve.py"), runtime.opened_by]


def _from_npm(folder: Path, name: str, version: str) -> None:
    held = folder / "npm" / "node_modules" / name / "package.json"
    if held.is_file() and f'"version": "{version}"' in held.read_text(encoding="utf-8"):
        return
    asked = ["--ignore-scripts", "--no-audit", "--no-fund", "--silent", f"{name}@{version}"]
    (folder / "npm").mkdir(parents=True, exist_ok=True)
    subprocess.run(["npm", "install", "--prefix", str(folder / "npm"), *asked], check=True)
