"""JSON that a run or a table wrote, read again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from backbones.files.json_file import read_json

_NUMBER = (int, float)
# field -> what it must be, told and for Python
_KINDS: Mapping[str, tuple[str, tuple[type, ...]]] = {
    **dict.fromkeys(("iterations", "seconds", "seed", "value"), ("a number", _NUMBER)),
    **dict.fromkeys(("metrics", "tests", "gains", "environment", "curve"), ("an object", (dict,))),
    **dict.fromkeys(
        ("overrides", "responses", "members", "runs", "pairs", "rows", "deviations"),
        ("a list", (list,)),
    ),
    **dict.fromkeys(("data", "config", "made"), ("a text", (str,))),
}


def read_written(path: Path, *needed: str) -> dict[str, Any]:
    """Raises: as `read_json` and `check_written`."""
    return check_written(read_json(path, finite=False), path, *needed)


def check_written(values: Any, path: Path, *needed: str) -> dict[str, Any]:
    """`values`, where they are an object with the fields `needed`, and each known one of its kind.

    One that is not needed may be null.

    Raises: ValueError naming the file.
    """
    held: dict[str, Any] = values if isinstance(values, dict) else {}
    wrong = [
        f"{name}, {kind}"
        for name, (kind, types) in _KINDS.items()
        if (name in needed or held.get(name) is not None) and not isinstance(held.get(name), types)
    ]
    if wrong or not isinstance(values, dict):
        raise ValueError(
            f"{path} must be an object with {'; '.join(wrong) or 'fields'}, got {values!r:.80}; "
            "take a whole copy, or remove it to measure again"
        )
    return values
