"""JSON from strangers: of a size that memory holds, of any depth, without numbers that are none."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from backbones.machine.hardware import available_memory

_GROWTH = 4  # a list of numbers of seven digits takes so much more in memory than in its file


def read_json(path: Path, *, finite: bool = True) -> Any:
    """The value in a JSON file; of a key written twice the last counts.

    Without `finite`, NaN, Infinity and 1e400, which the standard has not, are read as floats, for
    a reader that tells which entry holds them.

    Raises: ValueError naming the file and the line of the fault; OSError if it cannot be read.
    """
    return parse_json(path, json_content(path), finite=finite)


def parse_json(path: Path, content: bytes, *, finite: bool = True) -> Any:
    """As `read_json`, of what `json_content` read."""
    try:
        with gc_paused():
            return orjson.loads(content)
    except orjson.JSONDecodeError:
        return _read_slowly(path, content, finite)


def repeated_keys(path: Path) -> list[str]:
    """The keys that an object in the file holds twice, each once; none where it is no JSON."""
    found: dict[str, None] = {}

    def seen(pairs: list[tuple[str, Any]]) -> None:
        keys = [key for key, _ in pairs]
        if len(set(keys)) < len(keys):
            found.update(dict.fromkeys(key for key in keys if keys.count(key) > 1))

    try:
        json.loads(json_content(path), object_pairs_hook=seen)
    except (ValueError, RecursionError, OSError):
        return []
    return list(found)


@contextmanager
def gc_paused() -> Iterator[None]:
    """Build many objects without the collector's searches among them: twice as fast."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def json_content(path: Path) -> bytes:
    """The bytes of a file that memory holds when it is read.

    Raises: ValueError where it does not; OSError if it cannot be read.
    """
    if not path.is_file():
        raise FileNotFoundError(f"JSON file must exist, got {path}")
    size, memory = path.stat().st_size, available_memory()
    if size * _GROWTH > memory:
        raise ValueError(
            f"{path}: file must fit into memory, got {size / 1e9:.1f} GB of JSON, which take "
            f"{size * _GROWTH / 1e9:.0f} GB when read, for {memory / 1e9:.0f} GB; cut it into parts"
        )
    return path.read_bytes()


def _read_slowly(path: Path, content: bytes, finite: bool) -> Any:
    """By Python's reader, which says more of a fault and takes a lone half of a surrogate pair."""
    try:
        if finite:
            return json.loads(content, parse_constant=_refuse, parse_float=_finite)
        return json.loads(content)
    except json.JSONDecodeError as error:
        raise ValueError(
            f"{path}:{error.lineno}: file must be JSON, got {error.msg}; "
            "a file cut short by a full disk or a killed run reads so"
        ) from None
    except (ValueError, RecursionError) as error:  # no UTF-8, NaN, a number of 5,000 digits
        raise ValueError(f"{path}: file must be JSON, got {error}") from None


def _refuse(constant: str) -> Any:
    raise ValueError(f"the number {constant:.40}")


def _finite(text: str) -> float:
    value = float(text)
    return value if abs(value) < float("inf") else _refuse(text)
