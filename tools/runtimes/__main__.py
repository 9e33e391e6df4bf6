"""Run every form of an exported detector by every runtime that installs, and against torch.

Writes tools/runtimes/measured.json and the table of docs/runtimes.md. Each runtime is installed in
an environment of its own in --environments, pinned; one that cannot be is a row without numbers.

examples:
  python -m tools.runtimes
  python -m tools.runtimes --only opencv-5 openvino --environments ~/.cache/runtimes
  python -m tools.runtimes --detector output/mine/model_best.pth
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tools.runtimes.runtimes import RUNTIMES

MEASURED = Path(__file__).resolve().parent / "measured.json"


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser

    parser = Parser(__doc__)
    add = parser.add_argument
    add("--only", nargs="+", metavar="NAME", default=[*RUNTIMES], help="some of the runtimes")
    told = "a checkpoint, whose numbers are only printed [a small one by a formula]"
    add("--detector", type=Path, metavar="FILE", help=told)
    add("--environments", type=Path, metavar="DIR", help="keep them there [a temporary folder]")
    return parser


def main(argv: Sequence[str]) -> None:
    args = (parser := arguments()).parse_args(argv)
    if unknown := [name for name in args.only if name not in RUNTIMES]:
        parser.error(f"--only must name some of {', '.join(RUNTIMES)}; got {unknown[0]}")
    with tempfile.TemporaryDirectory() as folder:
        found = _found(Path(folder), args)
    if args.detector is None:
        write(found)


def _found(folder: Path, args: argparse.Namespace) -> dict[str, Any]:
    from backbones.machine.environment import environment
    from tools.docs.runtimes_table import line
    from tools.runtimes.detector import make
    from tools.runtimes.measure import Bench
    from tools.runtimes.pictures import photographs, strange

    usual, others = photographs(), strange()
    made = make(folder, args.detector, [*usual.values()], [*others.values()])
    found: dict[str, Any] = {"environment": environment(), "runtimes": {}}
    bench = Bench(made, usual, others)
    for name in args.only:
        told = bench.measured(RUNTIMES[name], args.environments or folder)
        found["runtimes"][name] = told
        print(line(name, told), flush=True)
    found["torch_peak_megabytes"] = bench.torch.peak_megabytes
    bench.torch.close()
    return found


def write(found: Mapping[str, Any]) -> None:
    """Put what was found with what was known of other runtimes, and into the page."""
    from tools.docs.readme_tables import main as write_tables

    known = json.loads(MEASURED.read_text(encoding="utf-8")) if MEASURED.is_file() else {}
    rows = {**known.get("runtimes", {}), **found["runtimes"]}
    ordered = {name: rows[name] for name in RUNTIMES if name in rows}
    text = json.dumps({**found, "runtimes": ordered}, indent=1)
    MEASURED.write_text(f"{text}\n", encoding="utf-8")
    write_tables([])


if __name__ == "__main__":
    from backbones.terminal.parser import run

    run(main)
