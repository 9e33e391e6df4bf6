"""Any text as the name of a file, and back."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from urllib.parse import unquote

LONGEST = 200  # bytes of a name; file systems take 255, with what stands before and behind it
_DIGITS = 12
# what some file system refuses or takes for something else, and what reads as an escape of ours
_NOT_IN_NAMES = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]|^\.|[. ]$|%(?=[0-9A-Fa-f]{2})')


def file_names(texts: Sequence[str]) -> list[str]:
    """A name for each text: itself, or with %XX in place of what file systems do not take.

    They differ even where capitals do not count; one that is too long ends in a digest.
    """
    taken: set[str] = set()
    names = []
    for text in texts:
        name = _NOT_IN_NAMES.sub(lambda found: _escaped(found[0]), text)
        if _alike(name) in taken:
            name = _escaped(text)
        if len(name.encode()) > LONGEST:
            name = _shortened(name, text)
        taken.add(_alike(name))
        names.append(name)
    return names


def text_of(name: str) -> str:
    """The text that `file_names` made a name of, unless that was too long."""
    return unquote(name)


def _escaped(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


def _shortened(name: str, text: str) -> str:
    digest = hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]
    return name.encode()[: LONGEST - _DIGITS - 1].decode(errors="ignore") + f"~{digest}"


def _alike(name: str) -> str:
    """What names have in common that are one to some file system."""
    return unicodedata.normalize("NFC", name).casefold()
