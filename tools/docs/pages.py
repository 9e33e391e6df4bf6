"""Pages that are written from what the project knows, or checked to be so."""

from __future__ import annotations

import argparse
from pathlib import Path


def arguments(description: str | None) -> argparse.ArgumentParser:
    """Those of a command that writes pages."""
    from backbones.terminal.parser import Parser

    parser = Parser(description)
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if they differ")
    return parser


def keep(page: Path, fresh: str, *, check: bool) -> int:
    """Writes a page where it differs; with `check` only tells so, by 1."""
    differs = page.read_text(encoding="utf-8") != fresh
    if differs and not check:
        page.write_text(fresh, encoding="utf-8")
    return int(differs and check)
