"""Shards: uncompressed tar files of images and labels, as the webdataset library writes them.

A sample is `<key>.jpg` with `<key>.cls`, a whole number as text; or, where no shard holds a .cls,
`<class>/<name>.jpg`. One pass over the headers finds where each image begins, so that any image
can be read at any time and an interrupted run goes on exactly.
"""

from __future__ import annotations

import os
import re
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backbones.data.classes import follow_names, shorten
from backbones.data.decoding import IMAGE_SUFFIXES, Image, Reduction, decode_image

CLASSES_FILE = "classes.txt"
_COMPRESSED = (".tar.gz", ".tgz", ".tar.bz2", ".tar.xz", ".tar.zst")
_BLOCK = 512


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
        return decode_image(data, self.name(index), reduction)

    def name(self, index: int) -> str:
        """Where the image lies."""
        return f"{self.members[index]} in {self.shards[self.places[index, 0]]}"


@dataclass
class _Index:
    """What the headers of all shards say; `keys` are those of `members`, `numbers` by key."""

    members: list[str] = field(default_factory=list)
    keys: list[tuple[int, str]] = field(default_factory=list)
    places: list[tuple[int, int, int]] = field(default_factory=list)
    numbers: dict[tuple[int, str], int] = field(default_factory=dict)


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
    index = _Index()
    for number, file in enumerate(files):
        _add_shard(index, number, file)
    if not index.members:
        raise ValueError(
            f"{files[0].parent} must hold shards with images, got none in {len(files)}"
        )
    place = f"the {split or 'tar'} shards in {files[0].parent}"
    listed = _read_class_names(files[0].parent, root)
    labels_of = _from_numbers if index.numbers else _from_folders
    names, labels = labels_of(index, files, listed, class_names, place)
    shards = tuple(map(str, files))
    places = np.array(index.places, np.int64)
    return ShardImages(names, shards, tuple(index.members), places, labels)


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


def _add_shard(index: _Index, number: int, path: Path) -> None:
    with open(path, "rb") as contents:
        for member in _headers(path):
            folder, _, name = member.name.rpartition("/")
            stem, _, extensions = name.partition(".")
            key = (number, f"{folder}/{stem}")
            if extensions == "cls":
                contents.seek(member.offset_data)
                index.numbers[key] = _number(contents.read(member.size), f"{member.name} in {path}")
            elif os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES:
                index.members.append(member.name)
                index.keys.append(key)
                index.places.append((number, member.offset_data, member.size))


def _headers(path: Path) -> Iterator[tarfile.TarInfo]:
    """The files of a tar. Raises: ValueError if it is none, or does not end as one."""
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                if member.isreg():
                    yield member
            end = tar.offset  # type: ignore[attr-defined]
    except (tarfile.TarError, OSError) as error:
        raise ValueError(
            f"{path} must be a whole .tar file, got {error}; fetch it again"
        ) from error
    with open(path, "rb") as file:
        file.seek(end)
        if file.read(_BLOCK) != bytes(_BLOCK):
            size = path.stat().st_size
            raise ValueError(
                f"{path} must end in a block of zeros, as every .tar does, got no such block at "
                f"byte {end} of {size}: it is cut or damaged; fetch it again"
            )


def _number(text: bytes, name: str) -> int:
    if not text.strip().isdigit():
        raise ValueError(f"{name} must be a whole number as text, the class, got {text[:40]!r}")
    return int(text)


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
    index: _Index,
    files: list[Path],
    listed: tuple[str, ...],
    class_names: tuple[str, ...],
    place: str,
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    _refuse_unlabelled(index, files, [key in index.numbers for key in index.keys])
    labels = np.array([index.numbers[key] for key in index.keys], np.int64)
    names = listed or class_names or tuple(map(str, range(int(labels.max()) + 1)))
    if labels.max() >= len(names):
        first = int(labels.argmax())
        raise ValueError(
            f"labels of {place} must be below {len(names)}, the number of classes, "
            f"got {labels[first]} of {index.members[first]}; correct them or {CLASSES_FILE}"
        )
    present, own = np.unique(labels, return_inverse=True)
    if not (listed or class_names) and len(present) < len(names):
        empty = sorted(set(range(len(names))) - set(present.tolist()))
        raise ValueError(
            f"each class of {place} must hold images, got none in {shorten(list(map(str, empty)))}"
            f"; count from 0, or write {CLASSES_FILE} beside the shards, with a line for each class"
        )
    found = [names[label] for label in present]
    return follow_names(own, found, class_names or names, place)


def _from_folders(
    index: _Index,
    files: list[Path],
    listed: tuple[str, ...],
    class_names: tuple[str, ...],
    place: str,
) -> tuple[tuple[str, ...], NDArray[np.int64]]:
    folders = [os.path.basename(os.path.dirname(name)) for name in index.members]
    _refuse_unlabelled(index, files, [folder not in ("", ".") for folder in folders])
    found, labels = np.unique(folders, return_inverse=True)
    return follow_names(labels, found.tolist(), class_names or listed, place)


def _refuse_unlabelled(index: _Index, files: list[Path], labelled: list[bool]) -> None:
    if not all(labelled):
        first = labelled.index(False)
        shard = files[index.places[first][0]]
        raise ValueError(
            f"images of {shard} must have labels, <key>.cls or <class>/<name>.jpg, got none for "
            f"{labelled.count(False)} images of all shards, the first {index.members[first]}"
        )
