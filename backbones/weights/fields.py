"""What must stand in a file of ours: one row a field, read before anything is built of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from reprlib import repr as shortly  # a value of others has no end, or is a tensor
from typing import Any, NamedTuple

WAY_OUT = "take a whole copy of the file, or another one"
_LARGEST, _SMALLEST = 3e38, 1e-30  # of single precision, in which networks compute


class Field(NamedTuple):
    """One field: its name, what it must be, whether a value is that, whether it must be there."""

    name: str
    must: str
    fits: Callable[[Any], bool]
    needed: bool = True


def check_fields(values: Any, fields: Sequence[Field], source: str) -> None:
    """Raise a ValueError with every field that is not what its row says; others are let be."""
    if not isinstance(values, dict):
        raise ValueError(f"{source} must hold fields by name, got {told(values)}; {WAY_OUT}")
    if faults := list(_faults(values, fields, source)):
        raise ValueError(f"{'; '.join(faults)}; {WAY_OUT}")


def _faults(values: Mapping[Any, Any], fields: Sequence[Field], source: str) -> Iterator[str]:
    absent = sorted(field.name for field in fields if field.needed and field.name not in values)
    if absent:
        yield f"{source} must be a whole checkpoint, got one without {absent}"
    for name, must, fits, _ in fields:
        if name in values and not fits(values[name]):
            yield f"{name} of {source} must be {must}, got {told(values[name])}"


def is_called(value: Any, *names: str | None) -> bool:
    """One of these names, or None; an array would be compared number by number."""
    return (value is None or isinstance(value, str)) and value in names


def told(value: Any) -> str:
    """A value of any kind in a few words of one line."""
    return " ".join(shortly(value).split())[:120]


def is_text(value: Any) -> bool:
    """A string."""
    return isinstance(value, str)


def is_dict(value: Any) -> bool:
    """A dict."""
    return isinstance(value, dict)


def is_count(value: Any) -> bool:
    """A whole number, not negative, that fits a machine's word."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def is_number(value: Any) -> bool:
    """A finite number."""
    plain = isinstance(value, (int, float)) and not isinstance(value, bool)
    return plain and abs(value) < _LARGEST


def is_positive(value: Any) -> bool:
    """A number above 0."""
    return is_number(value) and value > _SMALLEST


def each(fits: Callable[[Any], bool], length: int | None = None) -> Callable[[Any], bool]:
    """A list, of so many, whose items all fit."""

    def fit(value: Any) -> bool:
        return (
            isinstance(value, (list, tuple))
            and (length is None or len(value) == length)
            and all(map(fits, value))
        )

    return fit
