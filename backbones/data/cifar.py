"""CIFAR-10 and CIFAR-100 as their authors publish them and torchvision unpacks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from reprlib import repr as shortly  # of lists within lists, of which the whole has no end
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backbones.data.classes import follow_names
from backbones.files import numpy_pickle
from backbones.images.decoding import Image, Reduction

SIZE = 32
_PIXELS = 3 * SIZE * SIZE


@dataclass(frozen=True)
class _Layout:
    """Source: https://www.cs.toronto.edu/~kriz/cifar.html."""

    folder: str
    files: Mapping[str, tuple[str, ...]]
    names_file: str
    names_key: str
    labels_key: str

    def missing(self, folder: Path) -> list[str]:
        """The files that `folder` lacks."""
        files = [self.names_file, *(name for names in self.files.values() for name in names)]
        return [name for name in files if not (folder / name).is_file()]


_LAYOUTS = (
    _Layout(
        "cifar-10-batches-py",
        {"train": tuple(f"data_batch_{i}" for i in range(1, 6)), "test": ("test_batch",)},
        "batches.meta",
        "label_names",
        "labels",
    ),
    _Layout(
        "cifar-100-python",
        {"train": ("train",), "test": ("test",)},
        "meta",
        "fine_label_names",
        "fine_labels",
    ),
)


@dataclass(frozen=True)
class CifarImages:
    """One split, decoded and in memory.

    Shape: pixels (N, 32, 32, 3) uint8 RGB; labels (N,) int64.
    """

    class_names: tuple[str, ...]
    pixels: NDArray[np.uint8]
    labels: NDArray[np.int64]
    place: str

    def __len__(self) -> int:
        return len(self.labels)

    def read(self, index: int, reduction: Reduction | None = None) -> Image:
        """(32, 32, 3) uint8 RGB."""
        return self.pixels[index]

    def name(self, index: int) -> str:
        """Where the image lies."""
        return f"image {index} of {self.place}"


def has_cifar(root: Path, split: str) -> bool:
    """Whether `root`, or CIFAR's own folder in it, has the files of `split`, be they whole or not.

    Raises: ValueError if `root` holds both datasets.
    """
    return any(split in layout.files for layout, _ in _find(root))


def read_cifar(root: Path, split: str, class_names: tuple[str, ...] = ()) -> CifarImages:
    """Read "train" or "test", without running what a pickle may name.

    Raises: ValueError if files are missing, cut, of a wrong shape, or would run code, or if a class
    is empty or not in `class_names`.
    """
    layout, folder = _find(root)[0]
    missing = layout.missing(folder)
    if missing:
        raise ValueError(f"{folder} must be whole, got no {', '.join(missing)}; unpack it again")
    found = _read_names(folder / layout.names_file, layout.names_key)
    files = [folder / name for name in layout.files[split]]
    pixels, labels = zip(*(_read_batch(f, layout.labels_key, len(found)) for f in files))
    place = f"{folder} ({split})"
    names, joined = follow_names(np.concatenate(labels), found, class_names, place)
    return CifarImages(names, np.concatenate(pixels), joined, place)


def _find(root: Path) -> list[tuple[_Layout, Path]]:
    found = []
    for layout in _LAYOUTS:
        inside = root / layout.folder
        if inside.is_dir():
            found.append((layout, inside))
        elif any((root / name).is_file() for names in layout.files.values() for name in names):
            found.append((layout, root))
    if len(found) > 1:
        both = " and ".join(str(folder) for _, folder in found)
        raise ValueError(f"{root} must hold one dataset, got {both}; give the folder of one")
    return found


def _read_names(path: Path, key: str) -> tuple[str, ...]:
    names = _read_dict(path).get(key)
    if not isinstance(names, list) or not names or len(set(map(_text, names))) < len(names):
        raise ValueError(
            f"{key} of {path} must be a list of class names, got {shortly(names)}; unpack it again"
        )
    return tuple(map(_text, names))


def _read_batch(
    path: Path, labels_key: str, num_classes: int
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    batch = _read_dict(path)
    pixels, labels = batch.get("data"), batch.get(labels_key)
    if not isinstance(pixels, np.ndarray) or pixels.dtype != np.uint8 or not _rows(pixels):
        got = f"{pixels.dtype} {pixels.shape}" if isinstance(pixels, np.ndarray) else type(pixels)
        raise ValueError(
            f"data of {path} must be an array uint8 (N, {_PIXELS}), got {got}; unpack it again"
        )
    if not isinstance(labels, list) or len(labels) != len(pixels):
        got = f"{len(labels)} values" if isinstance(labels, list) else str(type(labels))
        raise ValueError(
            f"{labels_key} of {path} must be a list of {len(pixels)}, one for each image, "
            f"got {got}; unpack it again"
        )
    foreign = [x for x in labels if not isinstance(x, int) or not 0 <= x < num_classes]
    if foreign:
        raise ValueError(
            f"{labels_key} of {path} must lie in 0..{num_classes - 1}, got {shortly(foreign[0])}"
        )
    images = pixels.reshape(-1, 3, SIZE, SIZE).transpose(0, 2, 3, 1)
    return np.ascontiguousarray(images), np.array(labels, np.int64)


def _rows(pixels: NDArray[np.uint8]) -> bool:
    return pixels.ndim == 2 and pixels.shape[1] == _PIXELS


def _read_dict(path: Path) -> dict[str, Any]:
    value = numpy_pickle.load(path)
    if not isinstance(value, dict):
        raise ValueError(f"{path} must hold a dict, got {type(value).__name__}; unpack it again")
    return {_text(key): item for key, item in value.items()}


def _text(value: Any) -> str:
    return value.decode("latin1") if isinstance(value, bytes) else str(value)
