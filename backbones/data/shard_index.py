"""Where each image of a tar file begins: one pass over its headers, kept in the user's cache."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from backbones.files.cache import Cache, Entries, is_settled, stamp
from backbones.images.folders import is_image

UNLABELLED = -1
_FORMAT = "shards/2"  # a new number wherever `_scan` reads otherwise
_WORTHWHILE = 5000  # images scanned anew; fewer are scanned again sooner than written
_BLOCK = 512
_LONGEST_NUMBER = 18  # characters of a .cls: it fits 64 bits


@dataclass(frozen=True)
class ShardIndex:
    """What the headers of one tar say; `numbered` where it holds any .cls file.

    Shape: places (N, 2) int64: first byte, number of bytes; numbers (N,) int64, of the .cls files,
    UNLABELLED where there is none.
    """

    members: list[str]
    places: NDArray[np.int64]
    numbers: NDArray[np.int64]
    numbered: bool


def index_shards(files: Sequence[Path]) -> list[ShardIndex]:
    """Of every file, in one folder; from the cache where it is unchanged.

    Raises: ValueError if a file is no whole tar, or a .cls file no number: told each time, for
    what has faults is not kept.
    """
    cache = Cache(files[0].parent, _FORMAT)
    known = cache.load()
    fresh: Entries = {}
    found = []
    for file in files:
        entry, now = known.get(file.name), stamp(file)
        if entry is not None and entry[:3] == now:
            _, _, _, members, places, numbers, numbered = entry
            found.append(ShardIndex(members, _array(places, 2), _array(numbers), numbered))
            continue
        index = _scan(file)
        found.append(index)
        if is_settled(now):
            arrays = index.places.tolist(), index.numbers.tolist()
            fresh[file.name] = [*now, index.members, *arrays, index.numbered]
    if sum(len(entry[3]) for entry in fresh.values()) >= _WORTHWHILE:
        cache.save({**known, **fresh})
    return found


def _array(values: object, columns: int = 0) -> NDArray[np.int64]:
    array = np.array(values, np.int64)
    return array.reshape(-1, columns) if columns else array


def _scan(path: Path) -> ShardIndex:
    members: list[str] = []
    keys: list[str] = []
    places: list[tuple[int, int]] = []
    numbers: dict[str, int] = {}
    with open(path, "rb") as contents:
        for member in _headers(path):
            folder, _, name = member.name.rpartition("/")
            stem, _, extensions = name.partition(".")
            key = f"{folder}/{stem}"
            if extensions == "cls":
                contents.seek(member.offset_data)
                text = contents.read(min(member.size, _LONGEST_NUMBER + 1))
                numbers[key] = _number(text, f"{member.name} in {path}")
            elif is_image(name):
                members.append(member.name)
                keys.append(key)
                places.append((member.offset_data, member.size))
    own = [numbers.get(key, UNLABELLED) for key in keys]
    return ShardIndex(members, _array(places, 2), _array(own), bool(numbers))


def _headers(path: Path) -> Iterator[tarfile.TarInfo]:
    """The files of a tar. Raises: ValueError if it is none, or does not end as one.

    Nothing is unpacked: a name in it, ../ or a link, is never a place on the disk.
    """
    try:
        with tarfile.open(path, "r:") as tar:
            end = 0
            for member in tar:
                if member.offset_data <= end or member.size < 0:  # as no tar goes on: for ever
                    raise ValueError(f"{member.name!r:.80} that begins before the end of another")
                end = member.offset_data
                if member.isreg() and not member.issparse():
                    yield member
            end = tar.offset  # type: ignore[attr-defined]
    except Exception as error:  # of a damaged header tarfile raises anything
        raise ValueError(
            f"{path} must be a whole .tar file, got {error!s:.200}; fetch it again"
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
    if not text.strip().isdigit() or len(text) > _LONGEST_NUMBER:
        raise ValueError(f"{name} must be a whole number as text, the class, got {text[:40]!r}")
    return int(text)
