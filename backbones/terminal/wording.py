"""Words of messages: lists that fit, names that are near."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

_ROUND = 100  # from which on decimals do not matter


def nearest(word: str, known: Iterable[str], most: int = 3, cutoff: float = 0.5) -> str:
    """`; did you mean a or b?`, or nothing where nothing is near."""
    names = list(known)
    near = near_names(word, names, most, cutoff) or near_names(word.lower(), names, most, cutoff)
    return f"; did you mean {' or '.join(near)}?" if near else ""


def near_names(word: str, known: Sequence[str], most: int = 3, cutoff: float = 0.5) -> list[str]:
    """The known names that are like `word`, the most alike first."""
    return difflib.get_close_matches(word, known, most, cutoff)


def nearest_first(word: str, known: Iterable[str]) -> list[str]:
    """The known names, those most like `word` first."""
    names = list(known)
    near = near_names(word, names)
    return near + [name for name in names if name not in near]


def shorten(names: Sequence[str], limit: int = 10) -> str:
    """The names as a list that fits into a message."""
    shown = ", ".join(repr(name) for name in names[:limit])
    return f"[{shown}]" if len(names) <= limit else f"[{shown}, ... {len(names)} in all]"


def count(number: float, one: str, many: str = "") -> str:
    """`1 image`, `1,024 images`, `0.5 epochs`; `many` where it is not the word with an s."""
    told = f"{number:.3g}" if isinstance(number, float) and number < _ROUND else f"{number:,.0f}"
    return f"{told} {one if told == '1' else many or one + 's'}"
