"""Torch files read without running anything that they name.

torch builds tensors and plain values alone; what training scripts add beside them is answered by
stand-ins, as in `numpy_pickle`: settings become dicts, paths become strings, NumPy's scalars and
arrays are built from the records of them. Every other name is refused.
"""

from __future__ import annotations

import pickle
import re
import threading
import warnings
from pathlib import Path, PurePosixPath
from typing import Any

import torch

from backbones.files import numpy_pickle

_NAMED = re.compile(r"GLOBAL (\S+) (?:was not an allowed|whose module)")
_LOCK = threading.Lock()  # torch keeps one list of what is allowed, for all threads


class Refused(ValueError):
    """The file names something that it must not, or is none of torch's."""


class _Settings:
    """What an argparse.Namespace or a SimpleNamespace held."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, dict):
            raise pickle.UnpicklingError(f"state of settings is a dict, got {type(state).__name__}")
        self.values = state


def _path(*parts: str) -> str:
    return str(PurePosixPath(*parts))


_STAND_INS: dict[str, Any] = {
    "argparse.Namespace": _Settings,
    "types.SimpleNamespace": _Settings,
    **{
        f"{module}.{name}": _path
        for module in ("pathlib", "pathlib._local")
        for name in ("PosixPath", "WindowsPath", "PurePosixPath", "PureWindowsPath")
    },
    **{
        f"{module}.{name}": stand_in
        for (module, name), stand_in in numpy_pickle.STAND_INS.items()
        if module.startswith("numpy")
    },
}


def load(path: Path) -> Any:
    """What a torch file holds, on the CPU.

    Raises: Refused that names what it refuses; anything where the file is damaged.
    """
    allowed: list[Any] = [(stand_in, name) for name, stand_in in _STAND_INS.items()]
    try:
        with _LOCK, warnings.catch_warnings(), torch.serialization.safe_globals(allowed):
            warnings.simplefilter("ignore", UserWarning)  # of sparse and quantised tensors
            found = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        named = _NAMED.search(str(error))
        raise Refused(_refusal(path, named[1] if named else "")) from error
    return _built(found, numpy_pickle.Done(path.stat().st_size), {})


def _refusal(path: Path, name: str) -> str:
    must = f"checkpoint must hold tensors and plain values only, got {path}"
    if not name:
        return f"{must}; it is no torch file, or loading it could run code: give another file"
    return (
        f"{must}, which names {name}: loading that could run code; where you trust the file, write "
        f"its weights alone, in Python: torch.save(torch.load({str(path)!r}, weights_only=False)"
        "['model'], 'weights.pth'), with its own key for 'model', and .state_dict() after it where "
        "that is a network"
    )


def _built(value: Any, done: numpy_pickle.Done, seen: dict[int, Any]) -> Any:
    """The value with plain ones in place of stand-ins; dicts and lists are changed in place."""
    if id(value) in seen:
        return seen[id(value)]
    if isinstance(value, numpy_pickle.StandIn):
        seen[id(value)] = numpy_pickle.build(value, done)
        return seen[id(value)]
    if isinstance(value, _Settings):
        seen[id(value)] = _built(value.values, done, seen)
        return seen[id(value)]
    seen[id(value)] = value
    if isinstance(value, dict):
        for key, item in value.items():
            value[key] = _built(item, done, seen)
    elif isinstance(value, list):
        value[:] = [_built(item, done, seen) for item in value]
    elif type(value) is tuple:
        seen[id(value)] = tuple(_built(item, done, seen) for item in value)
    return seen[id(value)]
