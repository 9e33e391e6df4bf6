"""The quick part of a check, which training runs by itself: heads only, kept between runs."""

from __future__ import annotations

import numpy as np

from backbones.data.folder import ImageFolder
from backbones.data.images import Images, Subset
from backbones.images.check_kinds import told_of_depth
from backbones.images.heads import MOST_LEFT_OUT, inspect_heads

_LOOKED_AT = 20_000  # heads of a split of a folder: seconds on a disk, where a million are minutes
_NAMED = 3


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
    told = told_of_depth(paths, facts)
    notes = (f"{split} {told}",) if told else ()
    if not broken:
        return images, notes
    named = [f"{images.name(at)} ({facts[at // step].state})" for at in broken[:_NAMED]]
    listed = ", ".join(named) + (", ..." if len(broken) > _NAMED else "")
    looked = f"{len(broken)} of the {len(places)} that were looked at"
    if not (split == "train" or isinstance(images, Subset)):
        raise ValueError(
            f"{split} images must all be readable, or what is measured is of some, got {looked}: "
            f"{listed}; restore them, or see resdet check-data --fix"
        )
    if len(broken) > MOST_LEFT_OUT * len(places) + 1:
        raise ValueError(
            f"nine in ten {split} images must be readable, got {looked}: {listed}; "
            "restore them, or see resdet check-data"
        )
    note = f"{split} images left out, missing, unreadable or truncated: {looked}: {listed}"
    kept = np.setdiff1d(np.arange(len(images)), np.array(broken))
    return Subset(images, kept), (note, *notes)
