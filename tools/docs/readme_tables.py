"""Write the tables of README.md and docs/ from the results beside the configs.

examples:
  python -m tools.docs.readme_tables
  python -m tools.docs.readme_tables --check
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")))


def arguments() -> argparse.ArgumentParser:
    from backbones.terminal.parser import Parser

    parser = Parser(__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if they differ")
    return parser


def main(argv: Sequence[str]) -> int:
    args = arguments().parse_args(argv)

    from tools.docs.result_tables import with_tables

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
    from backbones.terminal.parser import run

    run(main)
