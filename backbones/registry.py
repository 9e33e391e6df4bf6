"""Networks by name."""

from __future__ import annotations

import difflib
import importlib
import inspect
import re
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from backbones.features import Classifier


class Builder(Protocol):
    """A function from keyword arguments to a network."""

    def __call__(self, **arguments: Any) -> Classifier:
        """Build the network."""


_BUILDERS: dict[str, Builder] = {}
_NETWORK_MODULES = ("backbones.resnet", "backbones.vgg")


def register(name: str, builder: Builder) -> None:
    """Make `create(name)` call `builder`.

    Raises: ValueError if the name is taken.
    """
    if name in _BUILDERS:
        raise ValueError(f"name must be new, got {name!r}, which is registered already")
    _BUILDERS[name] = builder


def names() -> list[str]:
    """Every registered name, sorted, numbers as numbers."""
    for module in _NETWORK_MODULES:
        importlib.import_module(module)
    return sorted(_BUILDERS, key=_natural_order)


def create(name: str, **arguments: Any) -> Classifier:
    """Build the network `name` with fresh weights; its `arch` rebuilds it.

    Raises: ValueError for an unknown name or argument; the message lists what exists.
    """
    known = names()
    if name not in known:
        raise ValueError(
            f"name must be one of {', '.join(known)}, got {name!r}{_nearest(name, known)}"
        )
    accepted = list(inspect.signature(_BUILDERS[name]).parameters)
    unknown = [argument for argument in arguments if argument not in accepted]
    if unknown:
        raise ValueError(
            f"arguments of {name} must be among {', '.join(accepted)}, "
            f"got {', '.join(unknown)}{_nearest(unknown[0], accepted)}"
        )
    model = _BUILDERS[name](**arguments)
    model.arch = {"name": name, **model.arch}
    return model


def _natural_order(name: str) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]


def _nearest(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word.lower(), known, n=3, cutoff=0.5)
    return f"; did you mean {' or '.join(near)}?" if near else ""
