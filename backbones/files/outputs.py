"""Results on disk: strict JSON, written whole or not at all."""

from __future__ import annotations

import json
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
