"""One split of data at rest, as an object, and the words by which a user names it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, pairwise
from pathlib import Path

from resdet.structures.corners import AUTO

_COLON = re.compile(r"(?<!\\):")  # one that is not written as part of a name


@dataclass(frozen=True)
class Source:
    """Where one split lies; paths are absolute, or relative to a root that is told elsewhere.

    `place`: the folder of VOC's and YOLO's data, or COCO's JSON, whose images are in `images`.
    `listing`: a file that names the images to take. `corners`: how VOC's are counted.
    """

    kind: str
    place: Path
    split: str = ""
    images: Path | None = None
    listing: Path | None = None
    corners: str = AUTO

    def __str__(self) -> str:
        """As a user names it: `voc:<folder>:<split>`, `coco:<json>:<images>`; see `parse`."""
        words: list[object] = [self.place]
        if self.images is not None:
            words += [self.images, *([self.listing] if self.listing else [])]
        else:
            words.append(self.listing or self.split)
        return ":".join([self.kind, *(str(word).replace(":", "\\:") for word in words)])

    def below(self, root: Path) -> Source:
        """With its paths below `root`, where they are not absolute."""
        images, listing = (root / p if p is not None else None for p in (self.images, self.listing))
        return replace(self, place=root / self.place, images=images, listing=listing)

    @property
    def own_split(self) -> str:
        """The split, of a list its name."""
        return self.listing.stem if self.listing else self.split


def readings(words: str) -> Iterator[tuple[str, ...]]:
    r"""The ways to read what follows `<kind>:`, the plain one first.

    A colon of a name is written `\:`, or stands as it is: then two words or three may be meant.
    """
    parts = [part.replace("\\:", ":") for part in _COLON.split(words)]
    yield tuple(parts)
    for count in (1, 2):
        for cuts in combinations(range(1, len(parts)), count):
            ends = (0, *cuts, len(parts))
            found = tuple(":".join(parts[a:b]) for a, b in pairwise(ends))
            if 1 < len(found) < len(parts):
                yield found


def of_folder(kind: str, words: Sequence[str]) -> Source | None:
    """`<folder>:<split>`, whose split may be a list of images: a file that ends with .txt."""
    if len(words) != 2 or not all(words):
        return None
    place, split = words
    if split.endswith(".txt"):
        return Source(kind, Path(place), listing=Path(split))
    return Source(kind, Path(place), split)


def of_file(kind: str, words: Sequence[str]) -> Source | None:
    """`<file>:<folder of images>`, and perhaps a list of images."""
    if len(words) not in (2, 3) or not all(words):
        return None
    place, images, *listing = map(Path, words)
    return Source(kind, place, images=images, listing=listing[0] if listing else None)
