"""Networks by name."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from backbones.plugins import HINT, load_plugins
from backbones.terminal.wording import nearest

if TYPE_CHECKING:
    from backbones.features import Classifier


class Builder(Protocol):
    """A function from keyword arguments to a network."""

    def __call__(self, **arguments: Any) -> Classifier:
        """Build the network."""


FamilyBuilder = Callable[..., "Classifier"]  # from a depth and keyword arguments

_BUILDERS: dict[str, Builder] = {}
_FAMILIES: dict[str, FamilyBuilder] = {}
_OTHER_SPELLINGS: dict[str, str] = {}
_NETWORK_MODULES = (
    *("backbones.resnet", "backbones.cifar", "backbones.vgg"),
    *("backbones.peers.maxout", "backbones.peers.nin", "backbones.peers.highway"),
    *("backbones.peers.googlenet", "backbones.peers.prelu_net", "backbones.peers.bn_inception"),
)


def register(name: str, builder: Builder, *, spelling_of: str = "") -> None:
    """Make `create(name)` call `builder`.

    `spelling_of` is the name that `arch` gives, where one network has two spellings.
    Raises: ValueError if the name is taken.
    """
    if name in _BUILDERS:
        raise ValueError(f"name must be new, got {name!r}, which is registered already")
    _BUILDERS[name] = builder
    if spelling_of:
        _OTHER_SPELLINGS[name] = spelling_of


def register_family(prefix: str, builder: FamilyBuilder, depths: Sequence[int]) -> None:
    """Make `create` of `prefix` and any depth call `builder`; `names` lists `depths` only."""
    for depth in depths:
        register(f"{prefix}{depth}", partial(builder, depth))
    _FAMILIES[prefix] = builder


def names() -> list[str]:
    """Every registered name, sorted, numbers as numbers; of a family, the paper's depths.

    Raises: ValueError if a plugin cannot be imported; see `backbones.plugins`.
    """
    for module in _NETWORK_MODULES:
        importlib.import_module(module)
    load_plugins()
    return sorted(_BUILDERS, key=_natural_order)


def create(name: str, **arguments: Any) -> Classifier:
    """Build the network `name` with fresh weights; its `arch` rebuilds it.

    Raises: ValueError for an unknown name or argument; the message lists what exists.
    """
    builder = _find(name)
    parameters = inspect.signature(builder).parameters
    accepted = list(parameters)
    unknown = [argument for argument in arguments if argument not in accepted]
    if unknown and not any(p.kind is p.VAR_KEYWORD for p in parameters.values()):
        raise ValueError(
            f"arguments of {name} must be among {', '.join(accepted)}, "
            f"got {', '.join(unknown)}{nearest(unknown[0], accepted)}"
        )
    model = builder(**arguments)
    model.arch = {"name": _OTHER_SPELLINGS.get(name, name), **model.arch}
    return model


def _find(name: str) -> Builder:
    known = names()
    if name in known:
        return _BUILDERS[name]
    family = re.fullmatch(r"(.*?)([1-9]\d{0,5})", name)
    if family and family[1] in _FAMILIES:
        return partial(_FAMILIES[family[1]], int(family[2]))
    hint = nearest(name, known) or HINT
    raise ValueError(f"name must be one of {', '.join(known)}, got {name!r}{hint}")


def _natural_order(name: str) -> list[str | int]:
    return [int(part) if part.isdigit() else part for part in re.split(r"(\d+)", name)]
