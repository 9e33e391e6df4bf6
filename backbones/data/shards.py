"""Shards: uncompressed tar files of images and labels, as the webdataset library writes them.

A sample is `<key>.jpg` with `<key>.cls`, a whole number as text; or, where no shard holds a .cls,
`<class>/<name>.jpg`. One pass over the headers finds where each image begins, so that any image
can be read at any time and an interrupted run goes on exactly: see `shard_index`.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backbones.data.classes import follow_names
from backbones.data.shard_index import UNLABELLED, index_shards
from backbones.images.decoding import Image, Reduction, decode_image
from backbones.terminal.wording import shorten

CLASSES_FILE = "classes.txt"
_COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")


@dataclass(frozen=True)
class ShardImages:
    """Images inside tar files. Holds no open file: a worker opens its own, forked or spawned.

    Shape: labels (N,) int64; places (N, 3) int64: shard, first byte, number of bytes.
    """

    class_names: tuple[str, ...]
    shards: tuple[str, ...]
    members: tuple[str, ...]
    places: NDArray[np.int64]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def read(self, index: int, reduction: Reduction | None = None) -> Image:
        """(H, W, 3) uint8 RGB. Raises: ValueError that names shard and file."""
        shard, first, size = self.places[index].tolist()
        try:
            with open(self.shards[shard], "rb", buffering=0) as file:
                file.seek(first)
                data = file.read(size)
        except OSError as error:
            raise ValueError(
                f"{self.name(index)} must be readable, got {error.strerror}"
            ) from error
        return decode_image(data, self.name(index), "RGB", reduction)

    def name(self, index: int) -> str:
        """Where the image lies."""
        return f"{self.members[index]} in {self.shards[self.places[index, 0]]}"


@dataclass(frozen=True)
class _Shards:
    """What the headers of all shards say, one after another; `places` begin with the shard."""

    files: list[Path]
    members: tuple[str, ...]
    places: NDArray[np.int64]
    numbers: NDArray[np.int64]
    numbered: bool

    @classmethod
    def read(cls, files: list[Path]) -> _Shards:
        found = index_shards(files)
        shard = np.repeat(np.arange(len(files)), [len(index.members) for index in found])
        return cls(
            files,
            tuple(member for index in found for member in index.members),
            np.column_stack([shard, np.concatenate([index.places for index in found])]),
            np.concatenate([index.numbers for index in found]),
            any(index.numbered for index in found),
        )


def has_shards(root: Path, split: str) -> bool:
    """Whether shards of `split` lie in `root`, be they compressed or not; "" is any shard."""
    return bool(_files(root, split))


def read_shards(root: Path, split: str, class_names: tuple[str, ...] = ()) -> ShardImages:
    """Index `<root>/<split>/*.tar`, else `<root>/*<split>*.tar`.

    Numbers of .cls files count the lines of classes.txt, beside the shards or in `root`; without
    one, `class_names`; without both, a class is named by its number.
    Raises: ValueError if a shard is compressed or cut, an image has no label, a label no class,
    or a class no image.
    """
    files = _files(root, split)
    compressed = [file.name for file in files if file.suffix != ".tar"]
    if compressed:
        raise ValueError(
            f"shards in {files[0].parent} must be plain .tar files, in which an image can be found "
            f"without reading all before it, got {shorten(compressed)}; decompress them"
        )
    found = _Shards.read(files)
    if not found.members:
        raise ValueError(
            f"{files[0].parent} must hold shards with images, got none in {len(files)}"
        )
    place = f"the {split or 'tar'} shards in {files[0].parent}"
    listed = _read_class_names(files[0].parent, root)
    labels_of = _from_numbers if found.numbered else _from_folders
    names, labels = labels_of(found, listed, class_names, place)
    return ShardImages(names, tuple(map(str, files)), found.members, found.places, labels)


def _files(root: Path, split: str) -> list[Path]:
    inside = root / split
    if split and inside.is_dir():
        found = _tars(inside)
        if found:
            return found
    # "val" is in imagenet-val-0000.tar and imagenet1k-validation-00.tar, not in carnival.tar
    named = re.compile(rf"(?<![a-z]){split}")
    return [file for file in _tars(root) if named.search(file.name.lower())]


def _tars(folder: Path) -> list[Path]:
    endings = (".tar", *_COMPRESSED)
    return (
        sorted(x for x in folder.iterdir() if x.name.endswith(endings)) if folder.is_dir() else []
    )


def _read_class_names(*folders: Path) -> tuple[str, ...]:
    path = next((x / CLASSES_FILE for x in folders if (x / CLASSES_FILE).is_file()), None)
    if path is None:
        return ()
    names = tuple(line.strip() for line in path.read_text("utf-8").splitlines() if line.strip())
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice or not names:
        raise ValueError(f"{path} must name each class once, one in a line, got {twice} twice")
    return names


def _from_numbers(
    found: _Shards, listed: tuple[str, ...], class_names: tuple[str, ...], place: str
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    labels = found.numbers
    _refuse_unlabelled(found, labels != UNLABELLED)
    names = listed or class_names or _numbers(found, place)
    if labels.max() >= len(names):
        first = int(labels.argmax())
        raise ValueError(
            f"labels of {place} must be below {len(names)}, the number of classes, "
            f"got {labels[first]} of {found.members[first]}; correct them or {CLASSES_FILE}"
        )
    present, own = np.unique(labels, return_inverse=True)
    if not (listed or class_names) and len(present) < len(names):
        empty = sorted(set(range(len(names))) - set(present.tolist()))
        raise ValueError(
            f"each class of {place} must hold images, got none in {shorten(list(map(str, empty)))}"
            f"; count from 0, or write {CLASSES_FILE} beside the shards, with a line for each class"
        )
    own_names = [names[label] for label in present]
    return follow_names(own, own_names, class_names or names, place)


def _numbers(found: _Shards, place: str) -> tuple[str, ...]:
    """Classes without names; each must hold images, so there are no more than images."""
    count = int(found.numbers.max()) + 1
    if count > len(found.numbers):
        first = found.members[int(found.numbers.argmax())]
        raise ValueError(
            f"each class of {place} must hold images, got class {count - 1} of {first} among "
            f"{len(found.numbers)} images; count from 0, or write {CLASSES_FILE} beside the "
            "shards, with a line for each class"
        )
    return tuple(map(str, range(count)))


def _from_folders(
    found: _Shards, listed: tuple[str, ...], class_names: tuple[str, ...], place: str
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    folders = [os.path.basename(os.path.dirname(name)) for name in found.members]
    _refuse_unlabelled(found, np.array([folder not in ("", ".") for folder in folders]))
    names, labels = np.unique(folders, return_inverse=True)
    return follow_names(labels, names.tolist(), class_names or listed, place)


def _refuse_unlabelled(found: _Shards, labelled: NDArray[np.bool_]) -> None:
    if not labelled.all():
        first = int(labelled.argmin())
        raise ValueError(
            f"images of {found.files[found.places[first, 0]]} must have labels, <key>.cls or "
            f"<class>/<name>.jpg, got none for {np.count_nonzero(~labelled)} images of all shards, "
            f"the first {found.members[first]}"
        )
