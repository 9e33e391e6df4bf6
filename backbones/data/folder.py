"""A folder of images: `<root>/<split>/<class>/<image>`."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backbones.data.classes import follow_names
from backbones.images.decoding import Image, Reduction, read_image
from backbones.images.folders import IMAGE_SUFFIXES


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
    return folder.is_dir() and bool(_folders(folder))


def read_folder(root: Path, split: str, class_names: tuple[str, ...] = ()) -> ImageFolder:
    """Read `<root>/<split>`; labels follow `class_names`, by default its sorted subfolders.

    Raises: ValueError if there is no class, a class without images, or a class that `class_names`
    lacks; every such class is listed.
    """
    folder = Path(root) / split
    found = _folders(folder)
    if not found:
        raise ValueError(f"{folder} must hold one folder of images for each class, got none")
    files = [_images(folder / name) for name in found]
    labels = np.repeat(np.arange(len(found)), [len(group) for group in files])
    names, labels = follow_names(labels, found, class_names, str(folder))
    return ImageFolder(names, tuple(path for group in files for path in group), labels)


def _folders(folder: Path) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir())


def _images(folder: Path) -> list[str]:
    files = sorted(os.listdir(folder))
    return [str(folder / x) for x in files if os.path.splitext(x)[1].lower() in IMAGE_SUFFIXES]
