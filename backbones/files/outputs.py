"""Results on disk: strict JSON, written whole or not at all, where there is a place for it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from backbones.files.atomic import write_bytes


def write_json(path: Path, value: Any) -> None:
    """Write strict JSON, whole or not at all.

    Raises: as `json_bytes`.
    """
    write_bytes(path, json_bytes(path, value))


def json_bytes(path: Path, value: Any) -> bytes:
    """What `write_json` writes; a list, which may hold 500,000 boxes, is not indented.

    Raises: ValueError naming `path` if a number is not finite, which JSON cannot say, or a text
        is no Unicode.
    """
    indent = None if isinstance(value, list) else 2
    try:
        text = json.dumps(value, indent=indent, allow_nan=False, ensure_ascii=False) + "\n"
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{path}: text must be Unicode, got {error.object[error.start : error.end]!r}; "
            "repair the name that holds it"
        ) from None
    except ValueError as error:
        raise ValueError(f"{path}: numbers must be finite, got {error}; write None") from None


def write_text(path: Path, text: str) -> None:
    """Write a file of UTF-8 whole or leave the old one as it was."""
    write_bytes(path, text.encode())


def check_writable(path: Path, inputs: Iterable[Path | None] = ()) -> None:
    """Find out before the work whether `write_json` could write there and destroy nothing.

    Raises: OSError if `path` is one of the inputs, a folder, a device, a pipe, or the folders
        above it are a file or write-protected.
    """
    if any(given is not None and given.resolve() == path.resolve() for given in inputs):
        raise OSError(f"file to write must not be one that is read, got {path}; name another")
    above = next(folder for folder in path.absolute().parents if folder.exists())
    special = path.exists() and not path.is_file()
    if special or not above.is_dir() or not os.access(above, os.W_OK):
        what = "the folder" if path.is_dir() else "the device or pipe"
        got = f"{what} {path}" if special else f"{path} below {above}"
        raise OSError(f"file to write must be new or a file in a folder to write in, got {got}")


def check_folder(path: Path) -> None:
    """Find out before the work whether files could be written into the folder `path`.

    Raises: OSError if it is a file, or cannot be made.
    """
    if path.exists() and not path.is_dir():
        raise OSError(f"folder to write in must be new or a folder, got the file {path}")
    check_writable(path / "file")
