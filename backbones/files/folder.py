"""Folders that are there whole or not at all."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from backbones.files.atomic import SHOWN, real, temporary_name


@contextlib.contextmanager
def folder_beside(target: Path) -> Iterator[Path]:
    """A folder next to `target` to make it in; what is left of it goes at the end."""
    target = real(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(*temporary_name(target)))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def whole_folder(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """A folder to fill, which takes the name `target` when all in it is written, or goes.

    With `replace` it takes the place of a folder that is there, else of an empty one only.

    Raises: OSError where the disk does not take it.
    """
    target = real(target)
    with folder_beside(target) as fresh:
        yield fresh
        fresh.chmod(0o755)  # mkdtemp's 0700 is for secrets
        if replace and target.exists():
            _replace(target, fresh)
        else:
            fresh.rename(target)


def _replace(target: Path, fresh: Path) -> None:
    """The old folder goes out of the way first, and back where the new one does not take it."""
    old = Path(tempfile.mkdtemp(prefix=f".{target.name[:SHOWN]}-old-", dir=target.parent))
    target.rename(old)
    try:
        fresh.rename(target)
    except BaseException:
        old.rename(target)
        raise
    shutil.rmtree(old, ignore_errors=True)
