"""Heads of pictures, read once: kept in the user's cache folder."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from backbones.files.cache import Cache, Entries, is_settled, stamp
from backbones.images.inspect import ImageFacts, inspect_images
from backbones.terminal.progress import reporting

MOST_LEFT_OUT = 0.1  # of the images: where more are broken, something else is wrong
_FORM = "images/2"  # a new number wherever a head is read otherwise
_WORTHWHILE = 2000  # heads read anew; fewer are read again sooner than written


def inspect_heads(paths: Sequence[str]) -> list[ImageFacts]:
    """What the heads tell, in order; of a file that is whole and unchanged, from the cache."""
    folders = {os.path.dirname(path) for path in paths}
    if not folders:
        return []
    cache = Cache(Path(os.path.commonpath(folders)), _FORM)
    known = cache.load()
    marks = [stamp(path) for path in paths]
    entries = [known.get(path) for path in paths]
    unknown = [at for at, entry in enumerate(entries) if entry is None or entry[:3] != marks[at]]
    with reporting("looking at images") as progress:
        read = inspect_images([paths[at] for at in unknown], full=False, progress=progress)
    fresh: Entries = {}
    found = dict(zip(unknown, read, strict=True))
    for at, fact in found.items():
        if fact.state == "whole" and fact.stored is not None and is_settled(marks[at]):
            fresh[paths[at]] = [*marks[at], *fact.stored, fact.orientation, fact.depth]
    if len(fresh) >= _WORTHWHILE:
        cache.save({**known, **fresh})
    return [found[at] if at in found else _kept(entries[at]) for at in range(len(paths))]


def _kept(entry: list[int] | None) -> ImageFacts:
    assert entry is not None  # else it was read
    num_bytes, _, _, height, width, orientation, depth = entry
    return ImageFacts("whole", (height, width), orientation, num_bytes, depth=depth)
