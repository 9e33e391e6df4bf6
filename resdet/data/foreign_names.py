"""Pictures by the names that another machine or a server gave them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from backbones.images.folders import SUFFIXES, files_below
from resdet.data.splits import SPLITS, split_name

_SHOWN = 3
_DRIVE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")  # or a scheme, as in https:


def ends(name: str) -> list[str]:
    r"""What a name may be below a folder, the longest first, as it is written, then as a URL.

    `C:\a\b.jpg` is a/b.jpg or b.jpg, `../b.jpg` b.jpg, `https://host/b%20c.jpg?x=1` b c.jpg.
    """
    found = []
    for text in _readings(name):
        words = re.split(r"[/\\]", text)
        parts = [word for word in words if word not in ("", ".", "..")]
        if parts and _DRIVE.fullmatch(parts[0]):
            del parts[0]
        found += ["/".join(parts[at:]) for at in range(len(parts))]
    return list(dict.fromkeys(found))


def _readings(name: str) -> Iterator[str]:
    """Label Studio writes /data/local-files/?d=a/b.jpg for what its own disk holds."""
    yield name
    plain = unquote(name)
    yield plain
    path, mark, query = plain.partition("?")
    if mark:
        yield path
        yield query.rpartition("=")[2]


class Pictures:
    """The pictures below a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def _by_base(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in files_below(self.folder, SUFFIXES):
            found.setdefault(folded(name.rpartition("/")[2]), []).append(name)
        return found

    def meant(self, name: str) -> list[str]:
        """Those that a name may mean, relative to the folder: one, where that is clear.

        They have the longest end of it that any has; other capitals count where none is called so
        to the letter. What the name puts into one split is not looked for in another.
        """
        texts, split = ends(name), split_of(name)
        for plain in (str, folded):
            for end in map(plain, texts):
                called = self._by_base.get(folded(end.rpartition("/")[2]), ())
                found = [one for one in called if f"/{plain(one)}".endswith(f"/{end}")]
                found = [one for one in found if not split or split_of(one) in ("", split)]
                if found:
                    return [one for one in found if plain(one) == end] or found
        return []


def told_of(meant: Sequence[str]) -> str:
    """What is wrong with a name that does not mean one picture, and the way out."""
    if not meant:
        return "none is called so; add the image or drop the entry"
    more = ", ..." if len(meant) > _SHOWN else ""
    return f"it may be {', '.join(meant[:_SHOWN])}{more}; write which"


def split_of(name: str) -> str:
    """The innermost folder that is called as a split is; "" where none is."""
    folders = re.split(r"[/\\]", name)[-2::-1]
    names = (split_name(re.sub(r"\d+$", "", folder)) for folder in folders)
    return next((name for name in names if name in SPLITS), "")


def folded(name: str) -> str:
    """As file systems that tell no capitals apart, or write an accent as a letter, see it."""
    return unicodedata.normalize("NFC", name).casefold()
