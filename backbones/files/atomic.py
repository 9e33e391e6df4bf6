"""Files that are there whole or not at all, by temporary ones beside them."""

from __future__ import annotations

import contextlib
import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

SHOWN = 50  # characters of the name that a temporary one begins with; a name holds 255 bytes
# temporary names with the process that writes, and those of files without it, which we once gave
_LEFTOVER = re.compile(r"\..+\.(?P<process>\d+)\.\w{8}\.tmp|\..+\.(json|npz|png|txt)-\w{8}")


class WriteError(OSError):
    """A file could not be written: which, why, and how much room is left."""


def cannot_write(path: Path, error: OSError) -> WriteError:
    """`error` with the name of the file and the free space of its disk."""
    reason = error.strerror or str(error)
    try:
        room = f", {shutil.disk_usage(path.parent).free / 1e6:.1f} MB free on its disk"
    except OSError:
        room = ""
    told = WriteError(
        f"{path} must be writable, got {reason!r}{room}; make room or choose another folder "
        "(files that were whole are still whole)"
    )
    told.errno = error.errno
    return told


class _Remembering(io.FileIO):
    """Keeps the reason for which a write failed: who writes may tell it in other words."""

    fault: OSError | None = None

    def write(self, data: object, /) -> int:
        try:
            return super().write(data)  # type: ignore[arg-type]
        except OSError as error:
            self.fault = error
            raise


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[IO[bytes]]:
    """A file that appears under `path` complete and synced, or not at all; a link stays one.

    Raises: WriteError if the disk does not take it.
    """
    target = real(path)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(*temporary_name(target))
    except OSError as error:
        raise cannot_write(path, error) from error
    raw = _Remembering(descriptor, "wb")
    try:
        with io.BufferedWriter(raw) as file:
            yield file
            file.flush()
            _sync(raw)
        os.chmod(temporary, 0o644)  # mkstemp's 0600 is for secrets
        os.replace(temporary, target)
    except BaseException as error:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(temporary)
        if raw.fault is not None and isinstance(error, Exception):
            raise cannot_write(path, raw.fault) from raw.fault
        raise
    _sync_folder(target.parent)


def write_bytes(path: Path, content: bytes) -> None:
    """Write a file as `atomic_write` does. Raises: WriteError."""
    with atomic_write(path) as file:
        file.write(content)


def real(path: Path) -> Path:
    """Where `path` leads, over links; one that leads round stands for itself."""
    return Path(os.path.realpath(path))


def temporary_name(target: Path) -> tuple[str, str, Path]:
    """Suffix, prefix and folder, for `tempfile`; by them `sweep` knows what is left of `target`."""
    return ".tmp", f".{target.name[:SHOWN]}.{os.getpid()}.", target.parent


def _sync(file: _Remembering) -> None:
    try:
        os.fsync(file.fileno())
    except OSError as error:
        file.fault = error
        raise


def _sync_folder(folder: Path) -> None:
    """Make a new name outlive a power cut, where the file system can."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def sweep(folder: Path) -> list[Path]:
    """Remove what processes that were killed while writing left in `folder`; return it."""
    if not folder.is_dir():
        return []
    found = [(path, _LEFTOVER.fullmatch(path.name)) for path in folder.iterdir()]
    left = [path for path, match in found if match and not _lives(match["process"])]
    for path in left:
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return left


def _lives(process: str | None) -> bool:
    """Whether another process of this number runs; in a container, a dead one had our own."""
    if process is None or int(process) == os.getpid():
        return False
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
