"""A folder that one process at a time may write."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from backbones.files.atomic import cannot_write

NAME = ".lock"
_WITHOUT_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS)  # disks that hold nothing for anybody
_ours: set[Path] = set()  # what this process holds


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """`folder`, made where it is absent, for this process alone; one that dies lets go of it.

    Who holds it may ask for it again. Folders that are made here go again if nothing is written
    into them.

    Raises: OSError that names process, host and time of who holds it; ValueError if a file is
        where the folder or one above it should be; WriteError.
    """
    path, place = folder / NAME, folder.resolve()
    if place in _ours:
        yield
        return
    file = next((above for above in (folder, *folder.parents) if above.is_file()), None)
    if file is not None:
        raise ValueError(f"--output must be a folder, got {file}, which is a file")
    new = [above for above in (folder, *folder.parents) if not above.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = _taken(path)
    except BlockingIOError:
        raise OSError(
            f"--output must be a folder that no other run writes, got {folder}, "
            f"where {_holder(path)}; wait for its end, or give another folder"
        ) from None
    except OSError as error:
        raise cannot_write(path, error) from error
    with lock:
        _ours.add(place)
        try:
            yield
        finally:
            _ours.remove(place)
            with contextlib.suppress(FileNotFoundError):
                path.unlink()  # before it is let go: who waits for it opens another
            with contextlib.suppress(OSError):
                for made in new:
                    made.rmdir()  # unless something came of it


def _taken(path: Path) -> IO[str]:
    """The file, locked and signed. A lock of POSIX is not inherited by the workers of a process.

    Raises: BlockingIOError where another process has it.
    """
    while True:
        file = path.open("a+", encoding="utf-8")
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_still(path, file):
                break
        except OSError as error:
            if error.errno in _WITHOUT_LOCKS:
                break
            file.close()
            raise BlockingIOError(*error.args) from None
        file.close()
    file.truncate(0)
    since = time.strftime("%Y-%m-%d %H:%M:%S")
    json.dump({"process": os.getpid(), "host": platform.node(), "since": since}, file)
    file.flush()
    return file


def _is_still(path: Path, file: IO[str]) -> bool:
    """Whether the name is still that of the file: who held it may have removed it meanwhile."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))
        return f"process {told['process']} on {told['host']} runs since {told['since']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process runs"
