"""A folder of images: `<root>/<split>/<class>/<image>`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

IMAGE_SUFFIXES = frozenset((".jpg", ".jpeg", ".png", ".bmp", ".webp"))


@dataclass(frozen=True)
class ImageFolder:
    """Images on disk with their classes.

    Shape: labels (N,) int64 in [0, len(class_names)).
    """

    class_names: tuple[str, ...]
    paths: tuple[Path, ...]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.paths)


def read_folder(root: Path, split: str, class_names: tuple[str, ...] = ()) -> ImageFolder:
    """Read `<root>/<split>`; labels follow `class_names`, by default its sorted subfolders.

    Raises: ValueError if there is no such folder, no class, a class without images, or a class
    that `class_names` lacks; every such class is listed.
    """
    folder = Path(root) / split
    if not folder.is_dir():
        found = sorted(p.name for p in Path(root).iterdir()) if Path(root).is_dir() else "no folder"
        raise ValueError(
            f"DATASETS.ROOT must hold {split}/<class>/ folders of images, got {root} with {found}"
        )
    found_names = tuple(sorted(p.name for p in folder.iterdir() if p.is_dir()))
    if not found_names:
        raise ValueError(f"{folder} must hold one folder of images for each class, got none")
    names = class_names or found_names
    foreign = sorted(set(found_names) - set(names))
    if foreign:
        raise ValueError(f"classes of {folder} must be among {list(names)}, got also {foreign}")
    paths: list[Path] = []
    labels: list[int] = []
    empty: list[str] = []
    for name in found_names:
        images = _images(folder / name)
        paths += images
        labels += [names.index(name)] * len(images)
        if not images:
            empty.append(name)
    if empty:
        kinds = ", ".join(sorted(IMAGE_SUFFIXES))
        raise ValueError(f"each class of {folder} must hold images ({kinds}), got none in {empty}")
    return ImageFolder(names, tuple(paths), np.array(labels, np.int64))


def find_test_split(root: Path) -> str | None:
    """Return "val" or "test", whichever `root` has first; None where it has neither."""
    return next((split for split in ("val", "test") if (Path(root) / split).is_dir()), None)


def _images(folder: Path) -> list[Path]:
    return sorted(p for p in folder.iterdir() if p.suffix.lower() in IMAGE_SUFFIXES)
