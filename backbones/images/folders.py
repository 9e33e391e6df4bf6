"""Which files of a folder are pictures."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

from backbones.files.run_folder import is_run

DRAWN = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")  # what may be drawn into
_LABELS = (".xml", ".txt", ".json", ".csv")  # what lies beside images under their names
WRITTEN = (*DRAWN, ".gif", ".jpe", ".jp2", ".avif", ".dib", ".ppm", ".pnm")  # in colours
# of all that is read, or said to need a decoder; the first wins where a stem has several
SUFFIXES = (
    *WRITTEN,
    *(".pgm", ".jfif", ".pbm", ".tga", ".j2k", ".heic", ".heif", ".hif", ".jxl"),
)


def is_image(name: str) -> bool:
    """Whether a file is called as images are; hidden ones are none: macOS leaves ._a.jpg."""
    base = os.path.basename(name)
    return not base.startswith(".") and base.lower().endswith(SUFFIXES)


def unread(folder: Path, stem: str) -> str:
    """As in "; a.psd lies there, which is of no kind that is read"; "" where nothing does."""
    path = PurePosixPath(stem)
    if path.is_absolute() or ".." in path.parts:
        return ""
    with contextlib.suppress(OSError, ValueError):  # of a name with a zero byte
        for name in sorted(os.listdir(folder / path.parent)):
            base, suffix = os.path.splitext(name)
            if base == path.name and suffix and suffix.lower() not in (*SUFFIXES, *_LABELS):
                return f"; {name} lies there, which is of no kind that is read"
    return ""


def images_by_stem(folder: Path) -> dict[str, Path]:
    """The images of a folder, and of those in it, by the name without suffix: "001", "a/001"."""
    found: dict[str, Path] = {}
    for entry in files_below(folder, SUFFIXES):
        stem, suffix = os.path.splitext(entry)
        known = found.get(stem)
        if known is None or _rank(suffix) < _rank(known.suffix):
            found[stem] = folder / entry
    return found


def files_below(folder: Path, suffixes: tuple[str, ...]) -> Iterator[str]:
    """Names relative to `folder` of the files that end so, sorted, without hidden ones, what lies
    in hidden folders, and the pictures of training runs.

    Raises: OSError if `folder` cannot be listed.
    """
    inner = []
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            if entry.name.startswith("."):
                continue
            if entry.is_dir(follow_symlinks=False):
                inner.append(entry.name)
            elif entry.name.lower().endswith(suffixes):
                yield entry.name
    for name in inner:
        if is_run(folder / name):
            continue
        yield from (f"{name}/{below}" for below in files_below(folder / name, suffixes))


def files_in(folder: Path, suffixes: tuple[str, ...]) -> list[Path]:
    """The files of a folder itself that end so, sorted, without hidden ones; none of no folder."""
    try:
        with os.scandir(folder) as entries:
            names = [
                entry.name
                for entry in entries
                if not entry.name.startswith(".")
                and entry.name.lower().endswith(suffixes)
                and entry.is_file()
            ]
    except OSError:
        return []
    return [folder / name for name in sorted(names)]


def spread(paths: Sequence[Path], most: int) -> list[Path]:
    """At most so many, evenly from the first on."""
    number = min(most, len(paths))
    return [paths[len(paths) * at // number] for at in range(number)]


def _rank(suffix: str) -> int:
    return SUFFIXES.index(suffix.lower())
