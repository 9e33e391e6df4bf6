"""Write docs/annotation_tools.{json,md}: what annotation tools write and read, with us between.

Each tool is installed in an environment of its own in --environments, in minutes the first time.

examples:
  python -m tools.round_trip
  python -m tools.round_trip --check
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

DOCS = Path(__file__).resolve().parents[2] / "docs"


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser

    parser = Parser(__doc__)
    add = parser.add_argument
    add("--check", action="store_true", help="write nothing; 1 and a line each if a value changed")
    add("--environments", type=Path, metavar="DIR", help="keep them there [a temporary folder]")
    return parser


def main(argv: Sequence[str]) -> int:
    args = arguments().parse_args(argv)

    from tools.docs.annotation_tools import page
    from tools.round_trip.measure import measured

    with tempfile.TemporaryDirectory() as folder:
        found = measured(Path(folder) / "sets", args.environments or Path(folder) / "environments")
    file = DOCS / "annotation_tools.json"
    if args.check:
        lines = differences(json.loads(file.read_text(encoding="utf-8")), found)
        print(*lines or ["as in docs/annotation_tools.json"], sep="\n")
        return int(bool(lines))
    text = json.dumps(found, indent=1, ensure_ascii=False)
    file.write_text(f"{text}\n", encoding="utf-8")
    (DOCS / "annotation_tools.md").write_text(page(found), encoding="utf-8")
    return 0


def differences(old: Any, new: Any, where: str = "") -> list[str]:
    """A line for each value that is another; our own libraries' versions may be."""
    if not (isinstance(old, dict) and isinstance(new, dict)):
        return [] if old == new else [f"{where}: {old!r} is {new!r} now"]
    keys = [key for key in {**old, **new} if where or key != "versions"]
    return [
        line
        for key in keys
        for line in differences(old.get(key), new.get(key), f"{where}/{key}".lstrip("/"))
    ]


if __name__ == "__main__":
    from backbones.terminal.parser import run

    run(main)
