"""Hold `--as TOOL` to the tools: write tools/evaluators/measured.json, and fail where one is off.

Each tool is installed in an environment of its own in --environments, in minutes the first time.

examples:
  python -m tools.evaluators
  python -m tools.evaluators --only globox,kornia --environments ~/.cache/evaluators
  python -m tools.evaluators --pairs 4

With --pairs each tool scores random cases, and `explain` is told its number alone.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tools.evaluators.cases import Case

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
    add("--pairs", type=positive, metavar="N", help="of each tool, that explain is asked for")
    add("--environments", type=Path, metavar="DIR", help="keep them there [a temporary folder]")
    return parser


def main(argv: Sequence[str]) -> int:
    args = arguments().parse_args(argv)

    from tools.evaluators.cases import cases
    from tools.evaluators.environments import EVALUATORS

    made = list(cases(1 if args.golden else args.times, args.seed + bool(args.pairs)))
    if args.golden:
        _write_golden(args.golden, made, dict(_answers(args, made)))
        return 0
    file, bad = HERE / "measured.json", 0
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    for name, said in _answers(args, made):
        told = found.setdefault(name, {})
        bad += (
            _explained(args, name, made, said, told)
            if args.pairs
            else _held(name, made, said, told)
        )
    text = json.dumps({name: found[name] for name in EVALUATORS if name in found}, indent=1)
    file.write_text(f"{text}\n", encoding="utf-8")
    return int(bad > 0)


def _answers(args: argparse.Namespace, made: Sequence[Case]) -> Iterator[tuple[str, list[Any]]]:
    """Each tool that is here, and what it says to each case."""
    from tools.evaluators.environments import EVALUATORS
    from tools.round_trip.environments import installed

    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder) / "cases.json"
        held.write_text(json.dumps([case._asdict() for case in made]))
        for name in args.only.split(",") if args.only else EVALUATORS:
            python = installed(args.environments or Path(folder), name, EVALUATORS[name])
            said = _said(python, name, held)
            if all("ModuleNotFoundError" in numbers for numbers in said):
                print(f"{name:40}not here: put a checkout on PYTHONPATH", flush=True)
            else:
                yield name, said


def _write_golden(path: Path, made: Sequence[Case], said: Mapping[str, list[Any]]) -> None:
    from resdet.evaluation.tools import TOOLS
    from tools.evaluators.golden import short, unforetold
    from tools.evaluators.pairs import pairs_of

    golden = json.loads(path.read_text(encoding="utf-8"))["numbers"] if path.is_file() else {}
    for name, numbers in said.items():
        golden[name] = [
            None if unforetold(TOOLS[name].rules, name, case) else told
            for case, told in zip(made, numbers)
        ]
    pairs = [
        [name, case.kind, f"{claim.name}={claim.text}"]
        for place, (name, numbers) in enumerate(golden.items())
        for case, claim in pairs_of(name, made, numbers, 1, seed=place)
    ]
    content = {"cases": [short(case) for case in made], "numbers": golden, "pairs": pairs}
    path.write_text(json.dumps(content, separators=(",", ":")) + "\n")


def _held(name: str, made: Sequence[Case], said: list[Any], told: dict[str, Any]) -> bool:
    """Put how far a tool's numbers and those of its rules are apart into `told`; if too far."""
    from resdet.evaluation.tools import TOOLS
    from tools.evaluators.environments import LEFT_OUT
    from tools.evaluators.measure import compared

    kinds, why = LEFT_OUT.get(name, ((), ""))
    told |= {**compared(made, TOOLS[name], said, kinds), "why_left_out": why}
    most = MOST["32 bits" if "32 bits" in TOOLS[name].beside else "64 bits"]
    off = bool(told["largest"] > most)
    print(f"{name:40}{told['largest']:10.1e}  {'off' if off else ''}", flush=True)
    return off


def _explained(
    args: argparse.Namespace, name: str, made: Sequence[Case], said: list[Any], told: dict[str, Any]
) -> bool:
    """Put what `explain` finds of a tool's numbers into `told`; whether a number was missed."""
    from tools.evaluators.environments import LEFT_OUT
    from tools.evaluators.pairs import counted, pairs_of

    kinds = LEFT_OUT.get(name, ((), ""))[0]
    kept = [(case, numbers) for case, numbers in zip(made, said) if case.kind not in kinds]
    told["explained"] = found = counted(name, pairs_of(name, *zip(*kept), args.pairs, args.seed))
    print(f"{name:40}{found}", flush=True)
    return bool(found["given"] < found["pairs"])


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
