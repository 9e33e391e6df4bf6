"""A folder of images: `<root>/<split>/<class>/<image>`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backbones.data.classes import follow_names
from backbones.images.decoding import Image, Reduction, read_image
from backbones.images.folders import is_image


@dataclass(frozen=True)
class ImageFolder:
    """Image files with their classes; `paths` are strings, which a million of bear better.

    Shape: labels (N,) int64 in [0, len(class_names)).
    """

    class_names: tuple[str, ...]
    paths: tuple[str, ...]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.paths)

    def read(self, index: int, reduction: Reduction | None = None) -> Image:
        """(H, W, 3) uint8 RGB. Raises: ValueError that names the file."""
        return read_image(self.paths[index], "RGB", reduction)

    def name(self, index: int) -> str:
        """Where the image lies."""
        return self.paths[index]


def has_folder(root: Path, split: str) -> bool:
    """Whether `root` holds folders under `split`; "" is `root` itself."""
    folder = root / split
    if split:
        return folder.is_dir()
    return folder.is_dir() and bool(class_folders(folder))


def read_folder(root: Path, split: str, class_names: tuple[str, ...] = ()) -> ImageFolder:
    """Read `<root>/<split>`; labels follow `class_names`, by default its sorted subfolders.

    Raises: ValueError if there is no class, a class without images, or a class that `class_names`
    lacks; every such class is listed.
    """
    folder = Path(root) / split
    found = class_folders(folder)
    if not found:
        raise ValueError(f"{folder} must hold one folder of images for each class, got none")
    files = [_images(folder / name) for name in found]
    labels = np.repeat(np.arange(len(found)), [len(group) for group in files])
    names, labels = follow_names(labels, found, class_names, str(folder))
    return ImageFolder(names, tuple(path for group in files for path in group), labels)


def class_folders(folder: Path) -> list[str]:
    """The names of the folders in one, sorted, without hidden ones."""
    with os.scandir(folder) as entries:
        inner = (entry.name for entry in entries if entry.is_dir())
        return sorted(name for name in inner if not name.startswith("."))


def _images(folder: Path) -> list[str]:
    return [str(folder / name) for name in sorted(os.listdir(folder)) if is_image(name)]
