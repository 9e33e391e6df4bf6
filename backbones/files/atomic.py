"""Files that are there whole or not at all, by temporary ones beside them."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import platform
import re
import shutil
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO

OLD = ".old"  # ends the folder in which one waits that another is to replace
SHOWN = 50  # characters of the name that a temporary one begins with; a name holds 255 bytes
# temporary names have process and host of who writes, earlier ones no host; a film's its suffix
_LEFTOVER = re.compile(r"\..+\.(?P<process>\d+)(-(?P<host>[0-9a-f]{8}))?\.\w{8}\.(tmp|old)(\.\w+)?")
_FORGOTTEN = 86_400  # seconds after which nobody on another host writes any more


class WriteError(OSError):
    """A file could not be written: which, why, and how much room is left."""

    path: Path


def cannot_write(path: Path, error: OSError) -> WriteError:
    """`error` with the name of the file and the free space of its disk."""
    reason = error.strerror or str(error)
    try:
        there = next(folder for folder in path.absolute().parents if folder.exists())
        room = f", {shutil.disk_usage(there).free / 1e6:.1f} MB free on its disk"
    except OSError:
        room = ""
    told = WriteError(
        f"{path} must be writable, got {reason!r}{room}; make room or choose another folder "
        "(files that were whole are still whole)"
    )
    told.errno, told.path = error.errno, path
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
def atomic_write(path: Path, *, synced: bool = True) -> Iterator[IO[bytes]]:
    """A file that appears under `path` complete or not at all; a link stays one.

    `synced`: it outlives a power cut, at the cost of waiting for the disk.

    Raises: WriteError if the disk does not take it.
    """
    with _temporary(path) as (descriptor, temporary):
        raw = _Remembering(descriptor, "wb")
        try:
            with io.BufferedWriter(raw) as file:
                yield file
                file.flush()
                if synced:
                    _sync(raw)
            appear(temporary, path)
        except Exception as error:
            if raw.fault is not None:
                raise cannot_write(path, raw.fault) from raw.fault
            raise error
    if synced:
        _sync_folder(real(path).parent)


@contextlib.contextmanager
def atomic_path(path: Path) -> Iterator[Path]:
    """A name with the suffix of `path`, for what writes by name; it takes its place at the end.

    Raises: WriteError if no file can be made there.
    """
    with _temporary(path, real(path).suffix) as (descriptor, temporary):
        os.close(descriptor)
        yield temporary
        appear(temporary, path)


def write_bytes(path: Path, content: bytes, *, synced: bool = True) -> None:
    """Write a file as `atomic_write` does. Raises: WriteError."""
    with atomic_write(path, synced=synced) as file:
        file.write(content)


def write_together(contents: Mapping[Path, bytes]) -> int:
    """Write files that belong together, all of them or none; -> how many bytes.

    The first of them appears last.

    Raises: WriteError.
    """
    new = [path for path in contents if not path.exists()]
    try:
        with contextlib.ExitStack() as files:
            for path, content in contents.items():
                files.enter_context(atomic_write(path)).write(content)
    except BaseException:
        for path in new:
            remove(path)
        raise
    return sum(map(len, contents.values()))


def write_inside(path: Path, content: bytes | str) -> None:
    """Write a file, a text in UTF-8, of a folder that nobody else sees yet: see `whole_folder`.

    Raises: WriteError.
    """
    data = content if isinstance(content, bytes) else content.encode()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    except OSError as error:
        raise cannot_write(path, error) from error


def copy_inside(source: str | Path, path: Path, *, link: bool = False) -> None:
    """As `write_inside`, of another file; `link`: a hard link, else a symbolic one.

    Raises: FileNotFoundError without a source; WriteError.
    """
    source = Path(source).resolve(strict=True)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not link:
            shutil.copyfile(source, path)
            return
        try:
            os.link(source, path)
        except OSError:  # another disk, or one without hard links
            os.symlink(source, path)
    except OSError as error:
        if error.filename == str(source) and error.filename2 is None:
            raise  # it cannot be read
        raise cannot_write(path, error) from error


@contextlib.contextmanager
def _temporary(path: Path, suffix: str = "") -> Iterator[tuple[int, Path]]:
    """A file beside `path`, open and by name, which goes if it has not got another."""
    target = real(path)
    temporary = temporary_name(target, f".tmp{suffix}")
    try:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(temporary, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise cannot_write(path, error) from error
        yield descriptor, temporary
    finally:
        remove(temporary)


def appear(temporary: Path, path: Path) -> None:
    """Give a file that is whole its name. Raises: WriteError."""
    temporary.chmod(0o644)
    try:
        os.replace(temporary, real(path))
    except OSError as error:
        raise cannot_write(path, error) from error


def real(path: Path) -> Path:
    """Where `path` leads, over links; one that leads round stands for itself."""
    return Path(os.path.realpath(path))


def temporary_name(target: Path, ending: str = ".tmp") -> Path:
    """Beside `target`, by which `sweep` knows what is left of it.

    Known before anything has the name: a signal finds nothing that nobody would remove.
    """
    own = f"{os.getpid()}-{_host()}.{os.urandom(4).hex()}"
    return target.parent / f".{target.name[:SHOWN]}.{own}{ending}"


def _host() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


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
    """Remove what processes that were killed while writing left in `folder`; return it.

    A folder that was out of the way for a new one comes back where the new one did not come.
    """
    if not folder.is_dir():
        return []
    found = [(path, _LEFTOVER.fullmatch(path.name)) for path in folder.iterdir()]
    left = [path for path, match in found if match and not _is_written(path, match)]
    for path in left:
        if path.suffix == OLD:
            _put_back(path)
        remove(path)
    return left


def remove(path: Path) -> None:
    """Remove a file or folder, if it is there; a signal that comes amid it comes after it."""
    try:
        _remove(path)
    except BaseException:
        _remove(path)
        raise


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with contextlib.suppress(OSError):
            path.unlink()


def _put_back(old: Path) -> None:
    for folder in old.iterdir():
        if not (old.parent / folder.name).exists():
            folder.rename(old.parent / folder.name)


def _is_written(path: Path, match: re.Match[str]) -> bool:
    """Whether a process may still write it: one of this host lives, one of another wrote lately."""
    if match["host"] in (None, _host()):
        return _lives(match["process"])
    try:
        return time.time() - path.stat().st_mtime < _FORGOTTEN
    except OSError:
        return False


def _lives(process: str) -> bool:
    """Whether another process of this number runs; in a container, a dead one had our own."""
    if int(process) == os.getpid():
        return False
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True
