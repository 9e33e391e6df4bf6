"""Hold `--as TOOL` to the tools: write tools/evaluators/measured.json, and fail where one is off.

Each tool is installed in an environment of its own in --environments, in minutes the first time.

examples:
  python -m tools.evaluators
  python -m tools.evaluators --only globox,kornia --environments ~/.cache/evaluators
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
MOST = {"32 bits": 1e-6, "64 bits": 1e-9}


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser, positive

    parser = Parser(__doc__)
    add = parser.add_argument
    add("--only", metavar="NAMES", default="", help="some of the tools, commas between")
    add("--times", type=positive, default=10, metavar="N", help="cases of each of 21 kinds [10]")
    add("--seed", type=int, default=0, metavar="N", help="of the cases [0]")
    add("--golden", type=Path, metavar="FILE", help="write one case of each kind, as each tells it")
    add("--environments", type=Path, metavar="DIR", help="keep them there [a temporary folder]")
    return parser


def main(argv: Sequence[str]) -> int:
    args = arguments().parse_args(argv)

    from resdet.evaluation.tools import TOOLS
    from tools.evaluators.cases import cases
    from tools.evaluators.environments import EVALUATORS, LEFT_OUT
    from tools.evaluators.golden import short, unforetold
    from tools.evaluators.measure import compared
    from tools.round_trip.environments import installed

    made = list(cases(1 if args.golden else args.times, args.seed))
    file = HERE / "measured.json"
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    bad = 0
    golden: dict[str, Any] = {}
    if args.golden and args.golden.is_file():
        golden = json.loads(args.golden.read_text(encoding="utf-8"))["numbers"]
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "cases.json"
        held.write_text(json.dumps([case._asdict() for case in made]))
        for name in args.only.split(",") if args.only else EVALUATORS:
            python = installed(args.environments or Path(folder), name, EVALUATORS[name])
            said = _said(python, name, held)
            if all("ModuleNotFoundError" in numbers for numbers in said):
                print(f"{name:40}not here: put a checkout on PYTHONPATH", flush=True)
                continue
            if args.golden:
                golden[name] = [
                    None if unforetold(TOOLS[name].rules, name, case) else numbers
                    for case, numbers in zip(made, said)
                ]
                continue
            kinds, why = LEFT_OUT.get(name, ((), ""))
            found[name] = {**compared(made, TOOLS[name], said, kinds), "why_left_out": why}
            most = MOST["32 bits" if "32 bits" in TOOLS[name].beside else "64 bits"]
            largest = found[name]["largest"]
            bad += largest > most
            print(f"{name:40}{largest:10.1e}  {'' if largest <= most else 'off'}", flush=True)
    if args.golden:
        content = {"cases": [short(case) for case in made], "numbers": golden}
        args.golden.write_text(json.dumps(content, separators=(",", ":")) + "\n")
        return 0
    text = json.dumps({name: found[name] for name in EVALUATORS if name in found}, indent=1)
    file.write_text(f"{text}\n", encoding="utf-8")
    return int(bad > 0)


def _said(python: Path, name: str, held: Path) -> list[Any]:
    """What the tool says to each case."""
    out = held.with_name(f"{name}.json")
    subprocess.run(
        [str(python), "-W", "ignore", str(HERE / "adapters.py"), name, str(held), str(out)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "YOLO_OFFLINE": "true", "YOLO_VERBOSE": "false"},
        check=True,
    )
    return list(json.loads(out.read_text()))


if __name__ == "__main__":
    from backbones.terminal.parser import run

    run(main)
