"""What an exported detector says of itself, in its metadata or in the JSON beside it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbones.export.request import beside
from backbones.files.json_file import read_json
from backbones.weights.fields import Field, check_fields, each, is_text, told
from resdet.data.transforms import TestTransform
from resdet.data.validate import Faults, check_names
from resdet.runtimes.program import OUTPUTS, Program

_TASK, _CLASSES, _SIZES = "task", "class_names", "preprocessing"
_NEEDED = f"{_TASK}, {_CLASSES} and {_SIZES}"
INSIDE = "inside"


@dataclass(frozen=True)
class About:
    """`transform` makes of an image what the graph takes; None where that is the image itself."""

    class_names: tuple[str, ...]
    transform: TestTransform | None


def read_about(path: Path, program: Program) -> About:
    """Of a file that a runtime has read.

    Raises: ValueError if it is no detector of resdet export, or what it says is broken or not what
        is said beside it.
    """
    other = beside(path)
    held: Any = program.metadata
    source = str(path)
    if other.is_file():
        content = read_json(other)
        if _CLASSES in held:
            _check_agree(path, held, other, content)
        else:
            held, source = content, str(other)
    if not isinstance(held, Mapping) or _CLASSES not in held or _TASK not in held:
        raise ValueError(_foreign(path, program))
    if held[_TASK] != "detection":
        raise ValueError(
            f"{path} must be a detector, got a file for {told(held[_TASK])}; give one that resdet "
            "export made of a checkpoint of train-det"
        )
    names, sizes = (_value(held.get(name)) for name in (_CLASSES, _SIZES))
    parts = {_CLASSES: names, _SIZES: sizes}
    check_fields(parts, _FIELDS, source)
    found = Faults(source)
    check_names(names, f"{_CLASSES} of {source}", found)
    found.raise_any()
    return About(tuple(names), _transform(sizes))


def _check_agree(path: Path, held: Mapping[str, str], other: Path, content: Any) -> None:
    """Raises: ValueError where what stands beside a file is not what it says itself."""
    for name in (_CLASSES, _SIZES) if isinstance(content, Mapping) else ():
        own, there = _value(held.get(name)), _value(content.get(name, held.get(name)))
        if own != there:
            raise ValueError(
                f"{name} of {other} must be those that {path.name} holds itself, {told(own)}, got "
                f"{told(there)}; remove {other.name}, or export the checkpoint again"
            )


def _value(value: Any) -> Any:
    """What stands in metadata, whose values are texts."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _are_names(value: Any) -> bool:
    return bool(value) and each(is_text)(value)


def _is_side(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _says_sizes(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    sides = (value.get("min_size"), value.get("max_size"))
    return value.get("resize") == INSIDE or all(map(_is_side, sides))


_FIELDS = (
    Field(_CLASSES, "a list of names", _are_names),
    Field(_SIZES, f'"resize": "{INSIDE}", or min_size and max_size in pixels', _says_sizes),
)


def _transform(sizes: Mapping[str, Any]) -> TestTransform | None:
    if sizes.get("resize") == INSIDE:
        return None
    return TestTransform(sizes["min_size"], sizes["max_size"])


def _foreign(path: Path, program: Program) -> str:
    inputs, outputs = (", ".join(values) or "none" for values in (program.inputs, program.outputs))
    return (
        f"{path} must be a file of resdet export, with {_NEEDED} in its metadata or in "
        f"{beside(path).name} beside it, and with image: uint8 (height, width, 3) for "
        f"{', '.join(OUTPUTS)}; got {inputs} for {outputs}; export the checkpoint again, or run it "
        "by the program that it was made for"
    )
