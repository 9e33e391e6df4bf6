"""Draw who imports whom, from the source of this checkout.

examples:
  python -m tools.docs.draw_architecture
  python -m tools.docs.draw_architecture --output /tmp/architecture.svg
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from backbones.terminal.parser import Parser

ROOT = Path(__file__).resolve().parents[2]
PICTURE = ROOT / "docs" / "architecture.svg"


def arguments() -> argparse.ArgumentParser:
    parser = Parser(__doc__)
    parser.add_argument(
        "--output", type=Path, default=PICTURE, metavar="SVG", help="[docs/architecture.svg]"
    )
    return parser


def main(argv: Sequence[str]) -> None:
    args = arguments().parse_args(argv)

    from backbones.files.atomic import atomic_write
    from tools.docs.picture import architecture

    picture = architecture(ROOT)
    with atomic_write(args.output) as file:
        file.write(picture.encode())
    print(f"written: {args.output}")


if __name__ == "__main__":
    from backbones.terminal.parser import run

    run(main)
