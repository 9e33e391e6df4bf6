"""What is known of a key: its row. Defaults, checks and references are made of rows."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, NamedTuple

from fvcore.common.config import CfgNode

POSITIVE = "> 0"
NON_NEGATIVE = ">= 0"
FRACTION = "in [0, 1]"
DIVISOR = ">= 0.0001"  # of pixels; below it single precision holds no quotient
# what asks for memory by the number alone, and in files of others too
SIDE = "in (0, 16384]"  # pixels
FACTOR = "in (0, 16]"  # on channels
CHANNELS = "in [1, 65536]"
CELLS = "in [1, 64]"
POINTS = "in [0, 64]"
RATIO = "in [0.001, 1000]"
BOXES = "in [1, 1000000]"
PROCESSES = "in [0, 1024]"
RANGES: dict[str, Callable[[float], bool]] = {
    POSITIVE: lambda x: x > 0,
    NON_NEGATIVE: lambda x: x >= 0,
    FRACTION: lambda x: 0 <= x <= 1,
    DIVISOR: lambda x: x >= 0.0001,
    SIDE: lambda x: 0 < x <= 16384,
    FACTOR: lambda x: 0 < x <= 16,
    CHANNELS: lambda x: 1 <= x <= 65536,
    CELLS: lambda x: 1 <= x <= 64,
    POINTS: lambda x: 0 <= x <= 64,
    RATIO: lambda x: 0.001 <= x <= 1000,
    BOXES: lambda x: 1 <= x <= 1_000_000,
    PROCESSES: lambda x: 0 <= x <= 1024,
}
NAMES = "a list of names"
RISING = "pixels of the shorter side, rising"
LOW_HIGH = "[low, high]"
FORMS: dict[str, Callable[[Sequence[Any]], bool]] = {
    NAMES: lambda items: all(isinstance(x, str) for x in items),
    RISING: lambda items: (
        all(isinstance(x, int) and x > 0 for x in items) and list(items) == sorted(set(items))
    ),
    LOW_HIGH: lambda items: list(items) == sorted(items),
}


_LARGEST = 3e38


class Compared(NamedTuple):
    """Weights mean something else under another value: a config and its checkpoint must agree.

    `place` orders what is told of several. A detector of detectron2's must agree too where
    `foreign`; elsewhere the config takes the value from it.
    """

    place: int
    foreign: bool = False


@dataclass(frozen=True)
class Key:
    """One key of a config: all that is known of it.

    The type is that of `default`. `allowed` are the values every engine honours, `engines` those of
    an engine that honours more. `bounds` (of `RANGES`) hold for each number, and a list has one
    unless it may be `empty`; `length` is that of a list, `form` (of `FORMS`) what it is as a whole.
    A `file` is the user's to name: a checkpoint's config leads to none.
    """

    name: str
    default: Any
    meaning: str
    _: KW_ONLY
    allowed: tuple[Any, ...] = ()
    engines: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    bounds: str = ""
    empty: bool = False
    length: int = 0
    form: str = ""
    compared: Compared | None = None
    file: bool = False


def add_keys(cfg: CfgNode, keys: Iterable[Key]) -> None:
    """Add keys with their defaults in place; those that are there stay as they are."""
    for key in keys:
        *sections, name = key.name.split(".")
        node: Any = cfg
        for section in sections:
            if section not in node:
                node[section] = type(node)()
            node = node[section]
        if name not in node:
            node[name] = deepcopy(key.default)


def get(cfg: CfgNode, key: str) -> Any:
    """The value at "A.B.C"."""
    node: Any = cfg
    for part in key.split("."):
        node = node[part]
    return node


def value_faults(cfg: CfgNode, keys: Sequence[Key], engine: str = "") -> Iterator[str]:
    """One line for each value that its row does not admit, or that is not finite.

    Bounds hold for every number of a list; None stands for 0.
    """
    for fault_of in (_not_allowed, _out_of_bounds, _not_finite, _odd_length, _odd_form):
        for key in keys:
            if fault := fault_of(key, get(cfg, key.name), engine):
                yield f"{key.name} must {fault}"


def _not_allowed(key: Key, value: Any, engine: str) -> str:
    allowed = key.engines.get(engine, key.allowed)
    if not allowed or value in allowed:
        return ""
    able = next((name for name, values in key.engines.items() if value in values), "")
    hint = f"; give --engine {able}, which can" if able else ""
    return f"be {' or '.join(map(repr, allowed))}, got {value!r:.200}{hint}"


def _out_of_bounds(key: Key, value: Any, engine: str) -> str:
    numbers = list(numbers_of(value))
    if not key.bounds or (key.empty and not numbers):
        return ""
    fits = numbers and all(math.isfinite(x) and RANGES[key.bounds](x) for x in numbers)
    return "" if fits else f"be {key.bounds}, got {value!r:.200}"


def _not_finite(key: Key, value: Any, engine: str) -> str:
    fits = key.bounds or all(
        math.isfinite(_single(x)) for x in _plain(value) if isinstance(x, (int, float))
    )
    return "" if fits else f"be finite, got {value!r:.200}"


def _odd_length(key: Key, value: Any, engine: str) -> str:
    fits = not key.length or len(value) == key.length
    return "" if fits else f"hold {key.length} number(s), got {value!r:.200}"


def _odd_form(key: Key, value: Any, engine: str) -> str:
    if not key.form or FORMS[key.form](value):
        return ""
    got = list(value) if key.form == RISING else value
    return f"be {key.form}, got {got!r:.200}"


def numbers_of(value: Any) -> Iterator[float]:
    """Every number in a value; 0 for None, NaN for what is no number."""
    for x in _plain(value):
        number = isinstance(x, (int, float)) and not isinstance(x, bool)
        yield _single(x or 0) if number or x is None else math.nan


def _single(number: float) -> float:
    """As single precision has it, in which networks compute: too large is infinite."""
    return float(number) if not abs(number) > _LARGEST else math.inf


def _plain(value: Any) -> Iterator[Any]:
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _plain(item)
    else:
        yield value
