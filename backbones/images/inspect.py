"""What image files are, before anyone trains on them: whole or cut, how large, which way up."""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import struct
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import BinaryIO, Literal

import cv2
import numpy as np

from backbones.images.by_pillow import why_unread
from backbones.images.decoding import decoded
from backbones.images.depth import EIGHT, SIXTEEN, depth_of, values_of
from backbones.images.header import header_size, max_pixels
from backbones.images.jpeg import is_jpeg, jpeg_head
from backbones.images.kinds import PNG
from backbones.images.orientation import orientation_of

State = Literal["whole", "missing", "unreadable", "cut", "damaged"]
Progress = Callable[[int, int], None]  # done, of how many

_HEAD = 1 << 12  # bytes in which the size of most files stands
_TAIL = 1 << 12  # bytes in which the end of a file stands, were something appended to it
_END_OF_JPEG, _SCAN_OF_JPEG = b"\xff\xd9", b"\xff\xda"
_END_OF_PNG = b"IEND"
# kinds whose head tells the size that they are read at
_EXACT = (PNG, b"BM", b"GIF8", b"RIFF", *(b"P%d" % number for number in range(1, 7)))
_CHUNK = 16  # images that a process or thread takes at once
_THREADS = 8  # heads are small: reading them waits for the disk


@dataclass(frozen=True)
class ImageFacts:
    """One file; `damaged` is a whole one that its decoder complained about, `why` its words.

    Unit: stored is (height, width) in pixels before the rotation that `orientation`, EXIF's,
    asks for; None where unknown. num_bytes is the size of the file. `digest` is the hash of the
    pixels as shown, "" where they were not decoded. `depth` is 16 where a channel has as many bits,
    of which 8 are read; `values` are the least and the greatest, None where they were not decoded.
    """

    state: State
    stored: tuple[int, int] | None = None
    orientation: int = 1
    num_bytes: int = 0
    digest: str = ""
    why: str = ""
    depth: int = EIGHT
    values: tuple[int, int] | None = None

    @property
    def size(self) -> tuple[int, int] | None:
        """(height, width) as every reader here gives it: upright."""
        if self.stored is None or self.orientation < 5:
            return self.stored
        return self.stored[1], self.stored[0]

    @property
    def readable(self) -> bool:
        """Whether training gets all of its pixels."""
        return self.state in ("whole", "damaged")


def inspect_images(
    paths: Sequence[str], *, full: bool, workers: int = 1, progress: Progress | None = None
) -> list[ImageFacts]:
    """The facts of every file, in order; `full` decodes all pixels, in `workers` processes.

    Raises: OSError if a process that decodes is killed.
    """
    if not full:
        with ThreadPoolExecutor(_THREADS) as threads:
            return list(_watched(threads, full, paths, progress))
    pool = ProcessPoolExecutor(
        max(1, min(workers, -(-len(paths) // _CHUNK))),
        mp_context=get_context("spawn"),
        initializer=_start_worker,
    )
    try:
        with pool:
            return list(_watched(pool, full, paths, progress))
    except BrokenProcessPool:
        raise OSError(
            "processes that decode images must not be killed, got one that was, most likely as "
            "memory ran out; give fewer --workers, or --quick, which decodes nothing"
        ) from None


def inspect_image(path: str, full: bool = False) -> ImageFacts:
    """The facts of one file; without `full` it is decoded only where its head does not tell."""
    try:
        if not stat.S_ISREG(os.stat(path).st_mode):  # a pipe would be waited for
            return ImageFacts("unreadable", why="no plain file")
        with open(path, "rb") as file:
            num_bytes = os.fstat(file.fileno()).st_size
            head = file.read(_HEAD)
            if not full:
                told = _by_head(head, num_bytes, lambda: head + file.read())
                if told is not None and not _is_cut(head, _tail(file, head, num_bytes)):
                    return told
                file.seek(len(head))
            data = head + file.read()
    except FileNotFoundError:
        return ImageFacts("missing")
    except OSError as error:
        return ImageFacts("unreadable", why=str(error.strerror))
    facts = _by_pixels(data, path)
    # one kind of hash for all files
    return facts if full else replace(facts, digest="", values=None)


def same_content(paths: Sequence[str], facts: Sequence[ImageFacts]) -> list[list[int]]:
    """Groups of places in `paths` that show the same pixels, or without decoding the same bytes.

    Files named twice are no copies. Only what has the size of another file is read.
    """
    groups: dict[str, dict[str, int]] = defaultdict(dict)
    by_size: dict[int, dict[str, int]] = defaultdict(dict)
    for at, (path, fact) in enumerate(zip(paths, facts, strict=True)):
        if fact.digest:
            groups[fact.digest].setdefault(path, at)
        elif fact.num_bytes:
            by_size[fact.num_bytes].setdefault(path, at)
    alike = [item for group in by_size.values() if len(group) > 1 for item in group.items()]
    for (path, at), digest in zip(alike, _digests([path for path, _ in alike]), strict=True):
        if digest:
            groups[digest].setdefault(path, at)
    return [sorted(group.values()) for group in groups.values() if len(group) > 1]


def digest_of(pixels: np.ndarray) -> str:
    """A hash of an image that files of any form share where they show the same."""
    whole = hashlib.blake2b(repr(pixels.shape).encode(), digest_size=16)
    whole.update(np.ascontiguousarray(pixels).data)
    return whole.hexdigest()


def _digests(paths: Sequence[str]) -> list[str]:
    """Hashes of whole files, "" where one cannot be read."""
    with ThreadPoolExecutor(_THREADS) as threads:
        return [digest for part in threads.map(_digest_chunk, _chunks(paths)) for digest in part]


def _digest_chunk(paths: Sequence[str]) -> list[str]:
    found = []
    for path in paths:
        try:
            found.append(hashlib.blake2b(Path(path).read_bytes(), digest_size=16).hexdigest())
        except OSError:
            found.append("")
    return found


def _chunks(paths: Sequence[str]) -> list[Sequence[str]]:
    return [paths[at : at + _CHUNK] for at in range(0, len(paths), _CHUNK)]


def _watched(
    pool: Executor, full: bool, paths: Sequence[str], progress: Progress | None
) -> Iterator[ImageFacts]:
    done = 0
    for facts in pool.map(partial(_inspect_chunk, full), _chunks(paths)):
        done += len(facts)
        if progress is not None:
            progress(done, len(paths))
        yield from facts


def _inspect_chunk(full: bool, paths: Sequence[str]) -> list[ImageFacts]:
    return [inspect_image(path, full) for path in paths]


def _tail(file: BinaryIO, head: bytes, num_bytes: int) -> bytes:
    """The last bytes of a file, without the signature that it begins with."""
    if num_bytes > len(head):
        file.seek(max(len(head), num_bytes - _TAIL))
    return head[8:] + file.read()


def _by_head(head: bytes, num_bytes: int, whole: Callable[[], bytes]) -> ImageFacts | None:
    """What the head tells; None where it tells no size, or only a bound of it."""
    turned = b"eXIf" in head or head[12:16] == b"VP8X"  # perhaps, by what stands further behind
    cut = head.startswith(b"RIFF") and int.from_bytes(head[4:8], "little") + 8 > num_bytes
    if turned or cut or not (is_jpeg(head) or head.startswith(_EXACT)):
        return None
    told = _stored(head) or _stored(whole())
    if told is None or not 0 < told[0] * told[1] <= max_pixels():
        return None  # decoding tells why
    return ImageFacts("whole", told[:2], told[2], num_bytes, depth=depth_of(head))


def _stored(data: bytes) -> tuple[int, int, int] | None:
    """(height, width, orientation) as its header tells."""
    with contextlib.suppress(struct.error):
        head = jpeg_head(data) if is_jpeg(data) else (*(header_size(data) or (0, 0)), 1)
        if head is not None and min(head) > 0:
            return head[0], head[1], head[2] if head[2] <= 8 else 1
    return None


def _is_cut(head: bytes, tail: bytes) -> bool:
    """Whether the end that such a file has is missing in its tail."""
    if is_jpeg(head):
        return _END_OF_JPEG not in tail
    return head.startswith(PNG) and _END_OF_PNG not in tail


def _by_pixels(data: bytes, path: str) -> ImageFacts:
    """Decoded as the readers do."""
    with _complaints() as told:
        try:
            image = decoded(data, path)
        except ValueError as fault:  # too many pixels; who tells it names the file
            why = str(fault).removeprefix(path).strip()
            return ImageFacts("unreadable", num_bytes=len(data), why=why)
    if is_jpeg(data):  # data inside a scan holds neither mark
        cut = data.rfind(_END_OF_JPEG) < data.rfind(_SCAN_OF_JPEG)
    else:
        cut = _is_cut(data, data)
    if image is None or cut:
        why = ("; ".join(told) or why_unread(data)) if data else "an empty file"
        return ImageFacts("cut" if cut else "unreadable", num_bytes=len(data), why=why)
    height, width = image.shape[:2]
    orientation, depth = orientation_of(data), depth_of(data)
    return ImageFacts(
        "damaged" if told else "whole",
        (width, height) if orientation >= 5 else (height, width),
        orientation,
        len(data),
        digest_of(image),
        "; ".join(told),
        depth,
        values_of(data) if depth == SIXTEEN else None,
    )


_OWN_STDERR: list[int] = []  # of a worker: the file that its decoders complain into


def _start_worker() -> None:
    """Decoders written in C complain into the standard error stream: here it is a file."""
    cv2.setNumThreads(1)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
    _OWN_STDERR.append(2)


@contextlib.contextmanager
def _complaints() -> Iterator[list[str]]:
    """What a decoder writes meanwhile, if it tells of damage; nothing outside a worker."""
    told: list[str] = []
    if not _OWN_STDERR:
        yield told
        return
    os.ftruncate(2, 0)
    os.lseek(2, 0, os.SEEK_SET)
    yield told
    os.lseek(2, 0, os.SEEK_SET)
    told += dict.fromkeys(_grave(os.read(2, 1 << 12).decode("utf-8", "replace").splitlines()))


def _grave(lines: Iterable[str]) -> Iterator[str]:
    for line in lines:
        # a profile of colours that libpng knows to be wrong harms no pixel
        if line.strip() and not line.startswith(("libpng warning", "[")):
            yield line.strip()[:200]
