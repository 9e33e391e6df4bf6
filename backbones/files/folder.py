"""Folders that are there whole or not at all."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from pathlib import Path

from backbones.files.atomic import OLD, WriteError, cannot_write, real, remove, temporary_name

_OF_THE_DISK = frozenset(
    (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS, errno.EACCES, errno.EPERM)
)


@contextlib.contextmanager
def folder_beside(target: Path, home: Path | None = None) -> Iterator[Path]:
    """A folder next to `target` to make it in; what is left of it goes at the end.

    `home`: where its files will lie [in `target`].

    Raises: WriteError that calls a file by its name to be, where the disk does not take it.
    """
    target = real(target)
    folder = temporary_name(target)
    try:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(0o700)
        except OSError as error:
            raise cannot_write(target, error) from error
        yield folder
    except OSError as error:
        file = Path(error.path if isinstance(error, WriteError) else error.filename or "")
        if error.errno not in _OF_THE_DISK or folder not in file.parents:
            raise
        cause = error.__cause__ if isinstance(error.__cause__, OSError) else error
        raise cannot_write((home or target) / file.relative_to(folder), cause) from error
    finally:
        remove(folder)


@contextlib.contextmanager
def whole_folder(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """A folder to fill, which takes the name `target` when all in it is written, or goes.

    With `replace` it takes the place of a folder that is there, else of an empty one only.

    Raises: WriteError where the disk does not take it.
    """
    target = real(target)
    with folder_beside(target) as fresh:
        yield fresh
        fresh.chmod(0o755)
        try:
            if replace and target.exists():
                _replace(target, fresh)
            else:
                fresh.rename(target)
        except OSError as error:
            raise cannot_write(target, error) from error


def _replace(target: Path, fresh: Path) -> None:
    """The old folder goes out of the way first, and back where the new one does not take it."""
    waiting = temporary_name(target, OLD)
    old = waiting / target.name
    try:
        waiting.mkdir(0o700)
        target.rename(old)
        fresh.rename(target)
    except BaseException:
        if old.exists() and not target.exists():
            old.rename(target)
        raise
    finally:
        remove(waiting)
