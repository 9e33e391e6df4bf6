"""Where the files that belong to the packages and are no modules lie: the configs."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def folder(name: str) -> Path:
    """`name` inside the installed package, else at the top of the checkout."""
    shipped = _PACKAGE / "_shipped" / name
    return shipped if shipped.is_dir() else _PACKAGE.parent / name


def is_checkout() -> bool:
    """Whether the packages run from a checkout, where what they measured can be kept."""
    return not (_PACKAGE / "_shipped").is_dir()
