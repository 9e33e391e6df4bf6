"""Things by name, and the modules of others that add to them.

A plugin is a Python module whose import registers networks, heads, formats, metrics or engines. It
is named by $RESDET_PLUGINS, module names or .py files with commas between, or is an installed
package's entry point in the group `resdet.plugins`. A config or a checkpoint never names one: files
of strangers run no code.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import os
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Generic, TypeVar

VARIABLE = "RESDET_PLUGINS"
GROUP = "resdet.plugins"
HINT = f"; what is not ours is added by the module that {VARIABLE} names"
Thing = TypeVar("Thing")

_loaded: set[str] = set()


class Registry(Generic[Thing]):
    """Things that plugins have added, by name. `what` names them in errors."""

    def __init__(self, what: str, taken: Sequence[str] = ()) -> None:
        self._what = what
        self._taken = tuple(taken)
        self._things: dict[str, Thing] = {}

    def register(self, name: str, thing: Thing) -> None:
        """Raises: ValueError if the name is taken by another thing."""
        if name in self._taken or self._things.get(name, thing) is not thing:
            raise ValueError(f"{self._what} must be new, got {name!r}, which is registered already")
        self._things[name] = thing

    def names(self) -> tuple[str, ...]:
        """What plugins have added, in that order."""
        load_plugins()
        return tuple(self._things)

    def get(self, name: str) -> Thing | None:
        """None of a name that no plugin has added."""
        load_plugins()
        return self._things.get(name)


def load_plugins() -> tuple[str, ...]:
    """Import every plugin that is named, each once; their names.

    Raises: ValueError if one cannot be imported.
    """
    named = [text.strip() for text in os.environ.get(VARIABLE, "").split(",") if text.strip()]
    for name in named:
        _once(name, f"{VARIABLE} must name modules or .py files")
    installed = _installed()
    for name in installed:
        _once(name, f"entry points {GROUP} must be modules")
    return (*named, *installed)


@functools.cache
def _installed() -> tuple[str, ...]:
    from importlib.metadata import entry_points  # late: most starts ask for no plugin

    return tuple(point.module for point in entry_points(group=GROUP))


def _once(name: str, expected: str) -> None:
    if name in _loaded:
        return
    _loaded.add(name)  # first: a plugin may ask for the names of what is there
    try:
        if name.endswith(".py"):
            _import_file(Path(name).expanduser())
        else:
            importlib.import_module(name)
    except Exception as error:  # whatever its code raises
        _loaded.discard(name)
        raise ValueError(
            f"{expected} that can be imported, got {name!r} ({_place(error, name)}"
            f"{type(error).__name__}: {error}); mend it or leave it out"
        ) from error


def _import_file(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path.absolute())
    if spec is None or spec.loader is None or not path.is_file():
        raise FileNotFoundError(f"no file {path.absolute()}")
    known = sys.modules.get(path.stem)
    if known is not None and getattr(known, "__file__", None) == str(path.absolute()):
        return known
    if known is not None:
        raise ImportError(f"a module {path.stem} is there already; call the file otherwise")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # so that its classes can be pickled
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[path.stem]
        raise
    return module


def _place(error: Exception, name: str) -> str:
    """`line 12: `, the last line of the plugin that ran, where one did."""
    ends = Path(name).name if name.endswith(".py") else f"{name.rpartition('.')[2]}.py"
    lines = [
        f.lineno for f in traceback.extract_tb(error.__traceback__) if f.filename.endswith(ends)
    ]
    return f"line {lines[-1]}: " if lines else ""
