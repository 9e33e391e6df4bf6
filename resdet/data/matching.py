"""Which image a tool means by the name that it wrote, and how images are called by their names."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from backbones.images.folders import SUFFIXES


def image_ids(root: Path, images: Sequence[Path]) -> list[str]:
    """The stems, or where two images share one, the paths without suffix, or with it."""
    paths = [image.relative_to(root) for image in images]
    stems = [path.stem for path in paths]
    bare = [path.with_suffix("").as_posix() for path in paths]
    whole = [path.as_posix() for path in paths]
    return next((ids for ids in (stems, bare) if len(set(ids)) == len(ids)), whole)


class Matcher:
    """Finds images below a folder by names of another machine, another suffix or none."""

    def __init__(self, root: Path, images: Sequence[str]) -> None:
        self._root = root
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for name in images:
            self._by_stem[_parts(name)[-1]].append(name)

    def match(self, names: Sequence[str], near: Sequence[Sequence[Path]]) -> list[Path | None]:
        """The image of each name, None where there is none or it may be several.

        The end of a path must be that name; of several the one in the first folder of `near`, then
        the one of its suffix. A name whose folders are nowhere is that of the one image which is
        called so and has no other name.
        """
        found = [self._whole(name, folders) for name, folders in zip(names, near, strict=True)]
        taken = {*found}
        wanted = Counter(_parts(n)[-1] for n, one in zip(names, found, strict=True) if one is None)
        for at, name in enumerate(names):
            stem = _parts(name)[-1]
            if found[at] is None and wanted[stem] == 1:
                free = [one for one in self._by_stem[stem] if one not in taken]
                found[at] = free[0] if len(free) == 1 else None
        return [None if one is None else self._root / one for one in found]

    def _whole(self, name: str, near: Sequence[Path]) -> str | None:
        parts = _parts(name)
        alike = [one for one in self._by_stem[parts[-1]] if _parts(one)[-len(parts) :] == parts]
        for chosen in self._narrowed(alike, name, near):
            if len(chosen) == 1:
                return chosen[0]
        return None

    def _narrowed(self, alike: list[str], name: str, near: Sequence[Path]) -> Iterator[list[str]]:
        inner = "/".join(_parts(name)[:-1])
        places = [os.path.normpath(folder / inner) for folder in near]
        for place in places:
            there = [one for one in alike if os.path.dirname(self._root / one) == place]
            yield there
            yield [one for one in there if one.endswith(_suffix(name))]
        yield alike
        yield [one for one in alike if one.endswith(_suffix(name))]


def _suffix(name: str) -> str:
    suffix = os.path.splitext(name)[1]
    return suffix if suffix.lower() in SUFFIXES else ""


def _parts(name: str) -> list[str]:
    """Folders and stem; `a.b` has no suffix, and what leads up or to another machine is no part."""
    bare = name.replace("\\", "/")
    bare = bare[: len(bare) - len(_suffix(bare))]
    return [part for part in bare.split("/") if part not in ("", ".", "..")] or [""]
