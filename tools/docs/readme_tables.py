"""Write the tables of README.md and docs/ from the results beside the configs.

examples:
  python -m tools.docs.readme_tables
  python -m tools.docs.readme_tables --check
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tools.docs.pages import arguments, keep

ROOT = Path(__file__).resolve().parents[2]
PAGES = (ROOT / "README.md", *sorted(ROOT.glob("docs/*.md")))


def main(argv: Sequence[str]) -> int:
    args = arguments(__doc__).parse_args(argv)

    from tools.docs.result_tables import with_tables

    texts = ((page, page.read_text(encoding="utf-8")) for page in PAGES)
    kept = [keep(p, with_tables(text, ROOT / "configs"), check=args.check) for p, text in texts]
    return max(kept)


if __name__ == "__main__":
    from backbones.terminal.parser import run

    run(main)
