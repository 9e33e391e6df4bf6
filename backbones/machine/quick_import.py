"""torchvision without torch's compiler, which takes nearly all of the time of importing it.

It imports the compiler for one question, which its ROIAlign asks on a GPU where torch has to be
deterministic.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

_LIBRARY, _ASKED, _QUESTION = "torchvision", "torch._dynamo.utils", "is_compile_supported"


def spare_the_compiler() -> None:
    """Let torchvision be imported without it, where neither is there yet."""
    if _LIBRARY not in sys.modules and _ASKED not in sys.modules:
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds the library as others do, once, and has it loaded with a stand-in."""

    def find_spec(
        self, name: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != _LIBRARY:
            return None
        sys.meta_path.remove(self)
        spec = find_spec(name)
        if spec is not None and spec.loader is not None:
            spec.loader = _WithStandIn(spec.loader)
        return spec


class _WithStandIn(Loader):
    def __init__(self, loader: Loader) -> None:
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        stand_in = _StandIn(_ASKED)
        sys.modules.setdefault(_ASKED, stand_in)
        try:
            self._loader.exec_module(module)
        finally:
            stand_in.make_way()


class _StandIn(ModuleType):
    """Answers the one question by the module itself, then imported; for all else it makes way."""

    def make_way(self) -> None:
        if sys.modules.get(_ASKED) is self:
            del sys.modules[_ASKED]

    def __getattr__(self, name: str) -> Any:
        if name == _QUESTION:
            return _asked_when_needed
        if name.startswith("__"):
            raise AttributeError(name)
        self.make_way()
        return getattr(importlib.import_module(_ASKED), name)


def _asked_when_needed(device_type: str) -> bool:
    return bool(getattr(importlib.import_module(_ASKED), _QUESTION)(device_type))
