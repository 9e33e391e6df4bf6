"""Labelled images, wherever they lie: folders, tar shards, CIFAR's own files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from backbones.data.cifar import has_cifar, read_cifar
from backbones.data.folder import has_folder, read_folder
from backbones.data.shards import has_shards, read_shards
from backbones.images.decoding import Image, Reduction
from backbones.terminal.wording import shorten


class Images(Protocol):
    """Images with labels, read one at a time, in any order, by any number of workers.

    Shape: labels (N,) int64 in [0, len(class_names)).
    """

    @property
    def class_names(self) -> tuple[str, ...]:
        """In the order of the labels."""

    @property
    def labels(self) -> NDArray[np.int64]:
        """Of every image."""

    def __len__(self) -> int: ...

    def read(self, index: int, reduction: Reduction | None = None) -> Image:
        """(H, W, 3) uint8 RGB. Raises: ValueError that names the file."""

    def name(self, index: int) -> str:
        """Where the image lies, for messages."""


@dataclass(frozen=True)
class Splits:
    """`validation` and `test` are None where there are none."""

    train: Images
    validation: Images | None
    test: Images | None


@dataclass(frozen=True)
class Subset:
    """Some of `images`. Shape: indices (N,) int64."""

    images: Images
    indices: NDArray[np.int64]

    @property
    def class_names(self) -> tuple[str, ...]:
        """In the order of the labels."""
        return self.images.class_names

    @property
    def labels(self) -> NDArray[np.int64]:
        """Of every image."""
        return self.images.labels[self.indices]

    def __len__(self) -> int:
        return len(self.indices)

    def read(self, index: int, reduction: Reduction | None = None) -> Image:
        """(H, W, 3) uint8 RGB. Raises: ValueError that names the file."""
        return self.images.read(int(self.indices[index]), reduction)

    def name(self, index: int) -> str:
        """Where the image lies."""
        return self.images.name(int(self.indices[index]))


_Reader = Callable[[Path, str, tuple[str, ...]], Images]
# The first that has a split reads it. A folder named train may hold shards, so folders come last.
_SOURCES: tuple[tuple[Callable[[Path, str], bool], _Reader], ...] = (
    (has_cifar, read_cifar),
    (has_shards, read_shards),
    (has_folder, read_folder),
)


def open_images(root: Path, *, hold_out: int = 0) -> Splits:
    """What `root` has to train and test on.

    With both val/ and test/, val is the validation split; with one of them, it is the test split.
    `hold_out` images of train become the validation split instead: see `split_off`.
    Raises: ValueError if no training images lie in `root`, or they are faulty.
    """
    root = Path(root)
    if _find(root, "train") is None:
        raise ValueError(
            f"{root} must hold train/<class>/ folders of images, train/*.tar shards or "
            f"cifar-10-batches-py, got {_contents(root)}; name another by DATASETS.ROOT or --data"
        )
    train = open_split(root, "train")
    others = [s for s in ("val", "test") if _find(root, s)]
    opened = [open_split(root, split, train.class_names) for split in others]
    test = opened[-1] if opened else None
    validation = opened[0] if len(opened) == 2 else None
    if hold_out:
        if validation is not None:
            raise ValueError(
                f"DATASETS.HOLD_OUT must be 0 where there are val/ and test/, as in {root}, "
                f"got {hold_out}"
            )
        train, validation = split_off(train, hold_out)
    return Splits(train, validation, test)


def open_split(root: Path, split: str, class_names: tuple[str, ...] = ()) -> Images:
    """The split "train", "val" or "test" as it lies in `root`; labels follow `class_names`.

    Raises: ValueError if it does not lie there, or is faulty.
    """
    root = Path(root)
    read = _find(root, split)
    if read is None:
        raise ValueError(
            f"{root} must hold {split}/<class>/ folders of images, {split}/*.tar shards or a "
            f"CIFAR dataset with this split, got {_contents(root)}"
        )
    return read(root, split, class_names)


def has_split(root: Path, split: str) -> bool:
    """Whether `open_split` would find this split in `root`, be it faulty or not; "" is `root`.

    Raises: ValueError if `root` holds two datasets of CIFAR.
    """
    return _find(Path(root), split) is not None


def open_test(root: Path, class_names: tuple[str, ...] = ()) -> Images:
    """The test split of `root`, else val, else `root` itself as <class>/ folders or shards.

    Raises: ValueError if `root` has a train split only, no images at all, or faulty ones.
    """
    root = Path(root)
    for split in ("test", "val"):
        if _find(root, split):
            return open_split(root, split, class_names)
    whole = _find(root, "")
    if whole is None or _has_train_only(root):
        raise ValueError(
            f"{root} must hold test/ or val/ with <class>/ folders of images or shards, or these "
            f"themselves, or a CIFAR dataset, got {_contents(root)}"
        )
    return whole(root, "", class_names)


def split_off(images: Images, count: int) -> tuple[Subset, Subset]:
    """(the rest, `count` images), always the same: evenly spaced among those of each class.

    Each class gives as many, the first ones of count % classes one more.
    Raises: ValueError if a class would keep no image.
    Source: He et al. 2016, Section 4.2: 45k/5k of CIFAR-10, without saying which.
    """
    labels = images.labels
    present = np.unique(labels)
    shares = np.full(len(present), count // len(present))
    shares[: count % len(present)] += 1
    held: list[NDArray[np.int64]] = []
    for label, share in zip(present, shares, strict=True):
        members = np.flatnonzero(labels == label)
        if share >= len(members):
            raise ValueError(
                f"DATASETS.HOLD_OUT must leave each class an image to train on, got {count}: "
                f"{share} of the {len(members)} of {images.class_names[label]!r}"
            )
        held.append(members[np.arange(share) * len(members) // max(share, 1)])
    kept_back = np.sort(np.concatenate(held))
    rest = np.setdiff1d(np.arange(len(images)), kept_back)
    return Subset(images, rest), Subset(images, kept_back)


def _find(root: Path, split: str) -> _Reader | None:
    return next((read for has, read in _SOURCES if has(root, split)), None)


def _has_train_only(root: Path) -> bool:
    """Whether `root` has a split named train, which a class of that name is not."""
    folder = root / "train"
    is_split = folder.is_dir() and any(x.is_dir() for x in folder.iterdir())
    return is_split or has_shards(root, "train")


def _contents(root: Path) -> str:
    return shorten(sorted(x.name for x in root.iterdir())) if root.is_dir() else "no folder"
