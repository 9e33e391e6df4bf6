"""The quick part of a check, which training runs by itself: heads only, kept between runs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from backbones.data.cache import Cache, Entries, is_settled, stamp
from backbones.data.check_images import ImageFacts, inspect_images
from backbones.data.folder import ImageFolder
from backbones.data.images import Images, Subset
from backbones.progress import reporting

MOST_LEFT_OUT = 0.1  # of the images: where more are broken, something else is wrong
_LOOKED_AT = 20_000  # heads of a split of a folder: seconds on a disk, where a million are minutes
_FORM = "images/1"  # a new number wherever a head is read otherwise
_WORTHWHILE = 2000  # heads read anew; fewer are read again sooner than written
_NAMED = 3


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
            fresh[paths[at]] = [*marks[at], *fact.stored, fact.orientation]
    if len(fresh) >= _WORTHWHILE:
        cache.save({**known, **fresh})
    return [found[at] if at in found else _kept(entries[at]) for at in range(len(paths))]


def _kept(entry: list[int] | None) -> ImageFacts:
    assert entry is not None  # else it was read
    num_bytes, _, _, height, width, orientation = entry
    return ImageFacts("whole", (height, width), orientation, num_bytes)


def usable(images: Images, split: str) -> tuple[Images, tuple[str, ...]]:
    """(the images that can be read, what to tell of the others); a split to test on stays whole.

    Of a folder of more than 20,000 images as many are looked at, evenly spaced. Images in other
    files are judged by their readers.
    Raises: ValueError that names the broken images of a split to test on, or says that more than
    a tenth of those to train on are broken.
    """
    folder = images.images if isinstance(images, Subset) else images
    if not isinstance(folder, ImageFolder):
        return images, ()
    step = -(-len(images) // _LOOKED_AT)
    places = list(range(0, len(images), step))
    paths = [images.name(at) for at in places]
    facts = inspect_heads(paths)
    broken = [at for at, fact in zip(places, facts, strict=True) if not fact.readable]
    if not broken:
        return images, ()
    named = [f"{images.name(at)} ({facts[at // step].state})" for at in broken[:_NAMED]]
    listed = ", ".join(named) + (", ..." if len(broken) > _NAMED else "")
    looked = f"{len(broken)} of the {len(places)} that were looked at"
    if not (split == "train" or isinstance(images, Subset)):
        raise ValueError(
            f"{split} images must be readable, else the error is of others, got {looked}: "
            f"{listed}; restore them, or see resdet check-data --fix"
        )
    if len(broken) > MOST_LEFT_OUT * len(places) + 1:
        raise ValueError(
            f"{split} images must be readable but for a tenth, got {looked}: {listed}; "
            "restore them, or see resdet check-data"
        )
    note = f"{split} images left out, missing, unreadable or truncated: {looked}: {listed}"
    kept = np.setdiff1d(np.arange(len(images)), np.array(broken))
    return Subset(images, kept), (note,)
