"""Pickles of NumPy arrays and plain values, read without running anything that they name.

A pickle calls what its globals name. Here each global that an array needs is answered by a
stand-in, a record of the arguments, and every other global is refused; the arrays are built from
the records afterwards. So neither NumPy's constructors nor any other code sees the file's
arguments unchecked. The arrays hold no more bytes together than the file, for one text that a
thousand arrays share would fill the memory from a small file.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Callable
from pathlib import Path
from reprlib import repr as shortly  # of lists within lists, of which the whole has no end
from typing import IO, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

_PLAIN = (bool, int, float, complex, str, bytes, type(None))
_DTYPE = re.compile(r"b1|[iu][1248]|f[248]|c(8|16)|[SU]\d{1,6}")  # no objects, no records
_BYTE_ORDERS = ("<", ">", "=", "|")
_Load = Callable[[Any], None]
_KEYS = {  # where the keys lie on the stack when a dict takes them
    pickle.SETITEM[0]: slice(-2, -1),
    pickle.SETITEMS[0]: slice(None, None, 2),
    pickle.DICT[0]: slice(None, None, 2),
}


class StandIn:
    """What a global of the file gives instead of what it names: the arguments of the call."""

    def __init__(self, *arguments: Any) -> None:
        self.arguments = arguments
        self.state: tuple[Any, ...] | None = None

    def __setstate__(self, state: Any) -> None:
        if not isinstance(state, tuple):
            raise pickle.UnpicklingError(
                f"state of an array or type is a tuple, got {shortly(state)}"
            )
        self.state = state


class _Array(StandIn):
    """`_reconstruct(ndarray, (0,), b"b")`, then the state (version, shape, dtype, order, data)."""


class _BufferArray(StandIn):
    """`_frombuffer(data, dtype, shape, order)`, as protocol 5 writes arrays."""


class _Scalar(StandIn):
    """`scalar(dtype, data)`."""


class _DType(StandIn):
    """`dtype(code, False, True)`, then the state (version, byte order, ...)."""


class _Class(StandIn):
    """numpy.ndarray, which stands as an argument only."""


class _Bytes(StandIn):
    """`_codecs.encode(text, "latin1")` or `bytes()`: bytes as protocols below 3 write them."""


STAND_INS: dict[tuple[str, str], type[StandIn]] = {
    ("numpy", "ndarray"): _Class,
    ("numpy", "dtype"): _DType,
    ("_codecs", "encode"): _Bytes,
    ("__builtin__", "bytes"): _Bytes,
    ("builtins", "bytes"): _Bytes,
}
for _core in ("numpy.core", "numpy._core"):  # the name before and since NumPy 2
    STAND_INS[f"{_core}.multiarray", "_reconstruct"] = _Array
    STAND_INS[f"{_core}.multiarray", "scalar"] = _Scalar
    STAND_INS[f"{_core}.numeric", "_frombuffer"] = _BufferArray


class _Refused(ValueError):
    """The file names something that it must not."""


def _of_plain_keys(load: _Load, keys: slice) -> _Load:
    """`load` where the keys on the stack are plain: hashing tuples of tuples may take for ever."""

    def checked(unpickler: Any) -> None:
        others = [key for key in unpickler.stack[keys] if not isinstance(key, (*_PLAIN, _Bytes))]
        if others:
            raise _Refused(f"a dict with a key of type {type(others[0]).__name__}")
        load(unpickler)

    return checked


class _Unpickler(pickle._Unpickler):
    # in Python: the one in C, asked to remember value 4294967295 first, takes 64 GB to do so
    dispatch: ClassVar = {
        operation: _of_plain_keys(load, _KEYS[operation]) if operation in _KEYS else load
        for operation, load in pickle._Unpickler.dispatch.items()
        if operation not in (pickle.ADDITEMS[0], pickle.FROZENSET[0])  # sets hash too
    }

    def find_class(self, module: str, name: str) -> type[StandIn]:
        """Return the stand-in of a global that arrays need."""
        if (module, name) not in STAND_INS:
            raise _Refused(f"{module}.{name}")
        return STAND_INS[module, name]


def load(path: Path) -> Any:
    """Read a pickle of NumPy arrays, numbers, strings, lists, tuples and dicts, and nothing else.

    Strings of Python 2 are read as latin-1; arrays come in the byte order of this machine.
    Raises: FileNotFoundError; ValueError that names the file and what it refuses.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"pickle must be an existing file, got {path}")
    with path.open("rb") as file:
        return _load(file, path, path.stat().st_size)


def _load(file: IO[bytes], path: Path, size: int) -> Any:
    try:
        return build(_Unpickler(file, encoding="latin1").load(), Done(size))
    except _Refused as error:
        raise ValueError(
            f"{path} must hold NumPy arrays and plain values only, got {error}; "
            "loading it could run code: convert it where you trust it"
        ) from error
    except Exception as error:  # a cut or foreign file makes a pickle raise anything
        raise ValueError(
            f"{path} must be a complete pickle of NumPy arrays and plain values, "
            f"got {type(error).__name__}: {error!s:.200}"
        ) from error


class Done(dict[int, Any]):
    """What is built, by the id of its record, and how many bytes of arrays may still follow."""

    def __init__(self, most: int) -> None:
        self._left = most

    def count(self, size: int) -> None:
        """Raises: ValueError once there are more bytes than the file has."""
        self._left -= size
        if self._left < 0:
            raise ValueError("arrays of more bytes than the file has")


def build(value: Any, done: Done) -> Any:
    """The value with arrays in place of records; what the file shares is built once."""
    if isinstance(value, _PLAIN):
        return value
    if id(value) in done:
        if done[id(value)] is None:
            raise ValueError("a list or dict that contains itself")
        return done[id(value)]
    builder = next((b for kind, b in _BUILDERS.items() if type(value) is kind), None)
    if builder is None:
        raise _Refused(value.__name__ if isinstance(value, type) else type(value).__name__)
    done[id(value)] = None
    done[id(value)] = builder(value, done)
    return done[id(value)]


def _build_dict(value: dict[Any, Any], done: Done) -> dict[Any, Any]:
    return {build(key, done): build(item, done) for key, item in value.items()}


def _build_array(value: StandIn, done: Done) -> NDArray[Any]:
    if type(value) is _BufferArray:
        data, dtype, shape, order = value.arguments
    else:
        _, shape, dtype, fortran, data = value.state or ()
        order = "F" if fortran else "C"
    if order not in ("C", "F"):
        raise ValueError(f"order of an array is C or F, got {shortly(order)}")
    return _from_bytes(data, dtype, done).reshape(shape, order=order)


def _build_scalar(value: StandIn, done: Done) -> Any:
    dtype, data = value.arguments
    return _from_bytes(data, dtype, done).reshape(())[()]


def _from_bytes(data: Any, dtype: Any, done: Done) -> NDArray[Any]:
    if not isinstance(dtype, _DType):
        raise ValueError(f"type of an array is a NumPy dtype, got {shortly(dtype)}")
    stored = _numpy_dtype(dtype)
    if isinstance(data, str):  # a Python 2 string
        data = data.encode("latin1")
    elif isinstance(data, _Bytes):
        data = _build_bytes(data, done)
    if not isinstance(data, (bytes, bytearray)):
        raise ValueError(f"data of an array are bytes, got {type(data).__name__}")
    done.count(len(data))
    return np.frombuffer(data, stored).astype(stored.newbyteorder("="))


def _numpy_dtype(value: _DType) -> np.dtype[Any]:
    code, order = value.arguments[0], value.state[1] if value.state else "="
    if (
        not (isinstance(code, str) and isinstance(order, str))
        or not _DTYPE.fullmatch(code)
        or order not in _BYTE_ORDERS
    ):
        raise _Refused(f"an array of type {shortly((order, code))}")
    return np.dtype(code if order == "|" else order + code)


def _build_bytes(value: StandIn, done: Done) -> bytes:
    if not value.arguments:
        return b""
    text, encoding = value.arguments
    if not isinstance(text, str) or encoding != "latin1":
        raise _Refused("_codecs.encode but of latin1")
    return text.encode("latin1")


_BUILDERS: dict[type, Callable[[Any, Done], Any]] = {
    list: lambda value, done: [build(item, done) for item in value],
    tuple: lambda value, done: tuple(build(item, done) for item in value),
    dict: _build_dict,
    _Array: _build_array,
    _BufferArray: _build_array,
    _Scalar: _build_scalar,
    _Bytes: _build_bytes,
}
