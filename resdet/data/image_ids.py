"""How images are called by their names."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path


def image_ids(root: Path, images: Sequence[Path]) -> list[str]:
    """The stems, or where two images share one, the paths without suffix, or with it."""
    paths = [image.relative_to(root) for image in images]
    stems = [path.stem for path in paths]
    bare = [path.with_suffix("").as_posix() for path in paths]
    whole = [path.as_posix() for path in paths]
    return next((ids for ids in (stems, bare) if len(set(ids)) == len(ids)), whole)
