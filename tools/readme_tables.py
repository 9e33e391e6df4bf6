"""Write the tables of README.md and docs/ from the results beside the configs.

examples:
  python tools/readme_tables.py
  python tools/readme_tables.py --check
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")))


def arguments() -> argparse.ArgumentParser:
    from backbones.cli import Parser

    parser = Parser(__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if they differ")
    return parser


def main(argv: Sequence[str]) -> int:
    args = arguments().parse_args(argv)

    from resdet.benchmarks.result_tables import with_tables

    changed = 0
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        fresh = with_tables(text, ROOT / "configs")
        if fresh != text:
            changed = 1
            if not args.check:
                page.write_text(fresh, encoding="utf-8")
    return changed if args.check else 0


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
