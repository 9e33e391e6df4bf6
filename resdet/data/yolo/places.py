"""What the files of YOLO data mean by a path: something in the data, whoever wrote it where."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path, PureWindowsPath

from resdet.data.foreign_names import Pictures, ends, told_of
from resdet.data.splits import SPLITS, split_name
from resdet.data.validate import text_lines


def candidates(entry: str, bases: Iterable[Path]) -> list[Path]:
    """Relative to each base, then without ../ before it, then without its first folder, where
    that names no split.

    Of an absolute path, which is one of the machine that wrote it, any of its `ends` will do.
    """
    plain = entry.replace("\\", "/")
    bare = plain
    while bare.startswith(("../", "./")):
        bare = bare.partition("/")[2]
    first, _, inner = bare.partition("/")
    texts = [plain, bare] + ([] if split_name(first) in SPLITS else [inner])
    if PureWindowsPath(entry).anchor:
        texts += ends(entry)
    paths = (base / text for text in dict.fromkeys(texts) if text for base in bases)
    return [Path(os.path.normpath(path)) for path in paths]


def existing(entry: str, bases: Iterable[Path], root: Path) -> Path | None:
    """The first of the candidates that is there, in `root`."""
    paths = candidates(entry, bases)
    return next((path for path in paths if is_inside(path, root) and path.exists()), None)


def is_inside(path: Path, root: Path) -> bool:
    """Whether the name leads nowhere else; links inside the data are the user's own."""
    outer, inner = os.path.abspath(root), os.path.abspath(path)
    return inner == outer or inner.startswith(os.path.join(outer, ""))


def from_list(file: Path, base: Path, root: Path) -> tuple[Path, ...]:
    """The images that a list names, as they were found; see `Pictures` for names of elsewhere.

    Raises: ValueError naming the first that is not there, or may be one of several.
    """
    found, pictures = [], Pictures(root)
    for line in text_lines(file):
        path = existing(line, (base, file.parent, root), root)
        if path is None:
            meant = [name for name in pictures.meant(line) if root / name not in found]
            if len(meant) != 1:
                raise ValueError(
                    f"{file} must list images in {root}, got {line!r:.200}: {told_of(meant)}"
                )
            path = root / meant[0]
        found.append(path)
    return tuple(dict.fromkeys(found))
