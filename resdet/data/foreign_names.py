"""Pictures by the names that another machine or a server gave them."""

from __future__ import annotations

import os
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from urllib.parse import unquote

from backbones.images.folders import SUFFIXES, files_below
from resdet.data.splits import SPLITS, split_name

_SHOWN = 3
_DRIVE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")  # or a scheme, as in https:
_NOWHERE = ("", ".", "..")
_FOREIGN = re.compile(r"[/\\\\%?:]")  # what a plain name has not


def ends(name: str) -> list[str]:
    r"""What a name may be below a folder, the longest first, as it is written, then as a URL.

    `C:\a\b.jpg` is a/b.jpg or b.jpg, `../b.jpg` b.jpg, `https://host/b%20c.jpg?x=1` b c.jpg.
    """
    if not _FOREIGN.search(name):
        return [] if name in _NOWHERE else [name]
    found = []
    for text in _readings(name):
        words = re.split(r"[/\\]", text)
        parts = [word for word in words if word not in _NOWHERE]
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
    def names(self) -> tuple[str, ...]:
        """All of them, relative to the folder."""
        return tuple(files_below(self.folder, SUFFIXES))

    def meant(self, name: str) -> list[str]:
        """Those that a name may mean, relative to the folder: one, where that is clear.

        They have the longest end of it that any has; other capitals count where none is called so
        to the letter. What the name puts into one split is not looked for in another.
        """
        for plain in (str, folded):
            end, found = self._longest(name, plain)
            if found:
                return [one for one in found if plain(one) == end] or found
        return []

    def of_each(self, names: Sequence[str], near: Sequence[Sequence[Path]]) -> list[Path | None]:
        """The picture of each name, whatever the suffix; None where there is none or several.

        The end of its path must be that name; of several the one in the first folder of `near`,
        then the one of its suffix. Else it may be one that is `meant`, by that name alone.
        """
        whole = [self._whole(name, folders) for name, folders in zip(names, near, strict=True)]
        taken = {*whole}
        guessed = [
            None if one else self._free(name, taken) for name, one in zip(names, whole, strict=True)
        ]
        wanted = Counter(guessed)
        found = [
            one or (guess if wanted[guess] == 1 else None)
            for one, guess in zip(whole, guessed, strict=True)
        ]
        return [None if one is None else self.folder / one for one in found]

    def _whole(self, name: str, near: Sequence[Path]) -> str | None:
        text = next(iter(ends(name)), "")
        stem = without_suffix(text)
        inner, suffix = os.path.dirname(stem), text[len(stem) :]
        alike = self._ending(stem, without_suffix)
        places = [os.path.normpath(folder / inner) for folder in near]
        choices = [[one for one in alike if self._place(one) == place] for place in places]
        for there in [*choices, alike]:
            for found in (there, [one for one in there if one.endswith(suffix)]):
                if len(found) == 1:
                    return found[0]
        return None

    def _free(self, name: str, taken: Collection[str | None]) -> str | None:
        found = self._longest(name, without_suffix)[1] or self._longest(name, _alike)[1]
        free = [one for one in found if one not in taken]
        return free[0] if len(free) == 1 else None

    def _longest(self, name: str, plain: Callable[[str], str]) -> tuple[str, list[str]]:
        """The longest end of a name that any has, as `plain` writes both, and those that do."""
        split = split_of(name)
        for end in map(plain, ends(name)):
            found = self._ending(end, plain)
            found = [one for one in found if not split or split_of(one) in ("", split)]
            if found:
                return end, found
        return "", []

    def _ending(self, end: str, plain: Callable[[str], str]) -> list[str]:
        called = self._by_stem.get(_alike(end).rpartition("/")[2], ())
        return [one for one in called if f"/{plain(one)}".endswith(f"/{end}")]

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.names:
            found.setdefault(_alike(name).rpartition("/")[2], []).append(name)
        return found

    def _place(self, name: str) -> str:
        return os.path.normpath(os.path.dirname(self.folder / name))


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


def without_suffix(name: str, suffixes: Collection[str] = SUFFIXES) -> str:
    """Without that of an image: `a.b` has none."""
    base, suffix = os.path.splitext(name)
    return base if suffix.lower() in suffixes else name


def _alike(name: str) -> str:
    return without_suffix(folded(name))
