"""What a command reads and what it will write, known before the work, and kept apart."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from backbones.files.atomic import real, sweep

# one file; files in a folder that may hold others; a folder that is all the command's own
Kind = Literal["file", "folder", "whole"]
_ELSEWHERE = {"file": "name another file", "folder": "name another folder"}


def _no(path: Path) -> bool:
    return False


@dataclass(frozen=True)
class Input:
    """A path that is read, with the option that named it."""

    option: str
    path: Path


@dataclass(frozen=True)
class Output:
    """A path that is written; `is_ours` tells what an earlier run left, which may be replaced."""

    option: str
    path: Path
    kind: Kind = "file"
    is_ours: Callable[[Path], bool] = _no


def check_plan(inputs: Iterable[Input], outputs: Sequence[Output]) -> None:
    """Find out before the work whether all can be written, and nothing that is read is touched.

    What killed processes left half written at these places is removed.

    Raises: OSError for what would be written over an input or over another output, that is no
        place to write, or that cannot be made.
    """
    read = [Input(given.option, real(given.path)) for given in inputs]
    for number, output in enumerate(outputs):
        for given in read:
            if _harms(output, given.path):
                raise OSError(_overlap(output, f"what {given.option} reads"))
        for other in outputs[:number]:
            if _collide(output, other) or _collide(other, output):
                raise OSError(_overlap(output, f"where {other.option} writes"))
        check_place(output)
    for output in outputs:
        target = real(output.path)
        sweep(target.parent)
        if output.kind == "folder":
            sweep(target)


def check_place(output: Output) -> None:
    """Find out whether there is a place for it.

    Raises: OSError for a file in place of a folder or the reverse, a device, a pipe, or folders
        above that are a file or write-protected.
    """
    path = output.path
    if output.kind != "file" and path.exists():
        if not path.is_dir():
            raise OSError(
                f"{output.option} must be new or a folder, got the file {path}; name another"
            )
        path = path / "file"
    above = next(folder for folder in path.absolute().parents if folder.exists())
    special = output.kind == "file" and path.exists() and not path.is_file()
    if special:
        what = "the folder" if path.is_dir() else "the device or pipe"
        raise OSError(
            f"{output.option} must be a file, new or to be replaced, got {what} {path}; "
            "name another"
        )
    if not above.is_dir() or not os.access(above, os.W_OK | os.X_OK):
        raise OSError(
            f"{output.option} must lie in a folder to write in, got {output.path} below {above}; "
            "choose another place"
        )


def _overlap(output: Output, where: str) -> str:
    return (
        f"{output.option} must be apart from {where}, got {output.path}; "
        f"{_ELSEWHERE['file' if output.kind == 'file' else 'folder']}"
    )


def _harms(output: Output, given: Path) -> bool:
    """Whether writing would change what is read: at the place, in it, around it, over links."""
    target = real(output.path)
    if target == given or _is_one_file(target, given):
        return True
    if output.kind == "whole":
        return given in target.parents or target in given.parents
    if not _is_there(target) or (target.is_dir() and output.is_ours(target)):
        return False
    if given.is_dir() and (given in target.parents or target in _linked(given)):
        return True
    return output.kind == "folder" and any(
        given in (link, *link.parents) for link in _linked(target) if link.is_file()
    )


def _collide(output: Output, other: Output) -> bool:
    """Whether the one lies where the other is, or in a folder that is all the other's."""
    target, taken = real(output.path), real(other.path)
    if target == taken:
        return "folder" not in (output.kind, other.kind) or output.kind != other.kind
    return other.kind != "folder" and taken in target.parents


def _is_there(path: Path) -> bool:
    return any(path.iterdir()) if path.is_dir() else path.exists()


def _is_one_file(one: Path, other: Path) -> bool:
    return one.exists() and other.exists() and os.path.samefile(one, other)


def _linked(folder: Path) -> Iterator[Path]:
    """Where the links in a folder lead."""
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(place, name)
            if os.path.islink(path):
                yield real(Path(path))
