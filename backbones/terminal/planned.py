"""Which arguments of a tool are read and which are written, told where they are added."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backbones.files.plan import Input, Kind, Output, check_plan

Paths = Callable[[Any], Iterable[Path]]
_MARK = "planned"


@dataclass(frozen=True)
class _Written:
    kind: Kind | Callable[[Path], Kind]
    beside: Paths
    is_ours: Callable[[Path], bool]


def writes(
    action: argparse.Action,
    kind: Kind | Callable[[Path], Kind] = "file",
    *,
    beside: Paths = lambda path: (),
    is_ours: Callable[[Path], bool] = lambda path: False,
) -> None:
    """The argument names what the tool writes, and `beside` it; `is_ours`: see `Output`."""
    setattr(action, _MARK, _Written(kind, beside, is_ours))


def reads(action: argparse.Action, paths: Paths) -> None:
    """The argument names files in a form of its own; any other `Path` is read."""
    setattr(action, _MARK, paths)


def existing(text: str) -> list[Path]:
    """The file that a name is, where it is one: of a config or weights, which also have names."""
    return [Path(text)] if Path(text).exists() else []


def check_planned(actions: Iterable[argparse.Action], parsed: argparse.Namespace) -> None:
    """Raises: OSError as `check_plan`."""
    inputs: list[Input] = []
    outputs: list[Output] = []
    for action in actions:
        option = action.option_strings[0] if action.option_strings else str(action.metavar)
        mark = getattr(action, _MARK, None)
        for value in _values(getattr(parsed, action.dest, None)):
            if isinstance(mark, _Written):
                outputs += _outputs(option, mark, Path(value))
            elif mark is not None:
                inputs += [Input(option, path) for path in mark(value)]
            elif action.type is Path:
                inputs.append(Input(option, Path(value)))
    check_plan(inputs, outputs)


def _values(value: Any) -> Iterator[Any]:
    if type(value) in (list, tuple):
        yield from value
    elif value:
        yield value


def _outputs(option: str, mark: _Written, path: Path) -> Iterator[Output]:
    kind = mark.kind if isinstance(mark.kind, str) else mark.kind(path)
    yield Output(option, path, kind, mark.is_ours)
    for other in mark.beside(path):
        yield Output(option, other, is_ours=mark.is_ours)
