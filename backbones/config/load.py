"""YAML into a CfgNode of known keys: `_BASE_`, `KEY VALUE`, and every fault in one message."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from fvcore.common.config import CfgNode

from backbones.files.plain_yaml import parse_yaml, read_yaml
from backbones.terminal.wording import near_names, nearest

BASE_KEY = "_BASE_"


class ConfigError(ValueError):
    """Every fault of a configuration, one a line; a single one on the line of its source."""

    def __init__(self, source: str, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        many = [] if len(faults) == 1 else [f"{len(faults)} faults"]
        super().__init__(f"{source}: " + "\n  ".join([*many, *faults]))


def find(name: str, folder: Path) -> Path:
    """A path as it stands, else a bare name (suffix optional) in `folder`.

    Raises: ConfigError that lists the nearest names.
    """
    candidates = [Path(name), folder / name, folder / f"{name}.yaml"]
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    known = sorted(p.name for p in folder.glob("*.yaml"))
    near = near_names(name, known, cutoff=0.6) or known
    raise ConfigError(name, [f"config must be a file or one of {', '.join(near)}, got {name!r}"])


class Source(NamedTuple):
    """The values of a file after those of the files it is based on, each read once."""

    name: str
    files: tuple[tuple[str, dict[str, Any]], ...]


def load(
    schema: CfgNode, name_or_path: str, overrides: Sequence[str] = (), *, folder: Path
) -> CfgNode:
    """A copy of `schema` with the file's values, then the `KEY VALUE` pairs.

    Raises: ConfigError with all faults: unknown keys (nearest named), wrong types, odd pairs.
    """
    return fill(schema, read(name_or_path, folder), overrides)


def loads(schema: CfgNode, text: str, source: str, overrides: Sequence[str] = ()) -> CfgNode:
    """`load` from the text of one file, such as a checkpoint carries: it names no other file.

    Raises: ConfigError.
    """
    values = _values(source, lambda: parse_yaml(text))
    if BASE_KEY in values:
        raise ConfigError(source, [f"must stand alone, got {BASE_KEY} {values[BASE_KEY]!r}"])
    return fill(schema, Source(source, ((Path(source).name, values),)), overrides)


def read(name_or_path: str, folder: Path) -> Source:
    """A path as it stands, else a bare name in `folder`. Raises: ConfigError."""
    chain = _chain(find(name_or_path, folder))
    return Source(name_or_path, tuple((path.name, values) for path, values in chain))


def fill(schema: CfgNode, source: Source, overrides: Sequence[str] = ()) -> CfgNode:
    """`load` of what was read. Raises: ConfigError with all faults."""
    cfg = schema.clone()
    faults: list[str] = []
    for file, values in source.files:
        strange = [s for s, keys in values.items() if _is_strange(cfg, s, keys)]
        faults += [_strange(cfg, section, file) for section in strange]
        for key, value in _leaves({s: keys for s, keys in values.items() if s not in strange}):
            _assign(cfg, key, value, file, faults)
    if len(overrides) % 2:
        faults.append(f"overrides must be KEY VALUE pairs, got {' '.join(overrides)!r}")
    else:
        for key, text in zip(overrides[::2], overrides[1::2]):
            _assign(cfg, key, _parse(text), "command line", faults)
    if faults:
        raise ConfigError(source.name, faults)
    return cfg


def _chain(path: Path, seen: tuple[Path, ...] = ()) -> Iterator[tuple[Path, dict[str, Any]]]:
    """The files of a `_BASE_` chain with their values, the farthest base first."""
    path = path.resolve()
    if path in seen:
        raise ConfigError(str(path), [f"{BASE_KEY} must not lead back to {path.name}"])
    try:
        values = _values(str(path), lambda: read_yaml(path))
    except FileNotFoundError:
        referrer = seen[-1].name if seen else "the command line"
        fault = f"{BASE_KEY} of {referrer} must be an existing file, got {path}"
        raise ConfigError(str(path), [fault]) from None
    base = values.pop(BASE_KEY, None)
    if base is not None:
        yield from _chain(path.parent / str(base), (*seen, path))
    yield path, values


def _values(source: str, read: Callable[[], Any]) -> dict[str, Any]:
    try:
        values = read()
    except ValueError as error:
        raise ConfigError(source, [f"must be plain YAML, got: {error}"]) from error
    values = {} if values is None else values
    if not isinstance(values, dict):
        raise ConfigError(source, [f"must hold keys and values, got {type(values).__name__}"])
    return values


def _leaves(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _parse(text: str) -> Any:
    """A Python literal where it is one, as detectron2 reads its command line; else the text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):  # {[]}, ((((...
        return text


def _is_strange(cfg: CfgNode, section: str, keys: Any) -> bool:
    """Whether there is no such section: told once, not of each of its keys."""
    return section not in cfg and isinstance(keys, dict) and len(keys) > 1


def _strange(cfg: CfgNode, section: str, source: str) -> str:
    hint = nearest(str(section).upper(), map(str, cfg), most=1, cutoff=0.6)
    return f"{section} ({source}) is not a known section{hint}"


def _assign(cfg: CfgNode, key: str, value: Any, source: str, faults: list[str]) -> None:
    *parents, leaf = key.split(".")
    node: Any = cfg
    for parent in parents:
        node = node.get(parent) if isinstance(node, CfgNode) else None
    if not isinstance(node, CfgNode) or leaf not in node:
        known = [k for k, _ in _leaves(cfg)]
        hint = nearest(key.upper(), known, most=2, cutoff=0.6)
        faults.append(f"{key} ({source}) is not a known key{hint}")
        return
    converted, fits = _convert(_listed(value, node[leaf]), node[leaf])
    if not fits:
        faults.append(f"{key} ({source}) must be {type_name(node[leaf])}, got {value!r:.200}")
        return
    node[leaf] = converted


def type_name(value: Any) -> str:
    """`list of float` for [1.0], `int` for 3."""
    name = type(value).__name__
    if isinstance(value, (tuple, list)) and value:
        return f"{name} of {type_name(value[0])}"
    return name


def _listed(value: Any, current: Any) -> Any:
    """[640] for 640 where `current` is a list of numbers; a word in a list of words likewise."""
    if not isinstance(current, (tuple, list)) or not current or isinstance(value, (tuple, list)):
        return value
    unfinished = isinstance(value, str) and value.startswith(("[", "("))
    fits = not unfinished and _convert(value, current[0])[1]
    return [value] if fits else value


def _convert(value: Any, current: Any) -> tuple[Any, bool]:
    """`value` in the type of `current`, and whether it fits; None admits anything, as in yacs."""
    if isinstance(current, CfgNode):
        return value, False
    if isinstance(current, bool) or isinstance(value, bool):
        return value, isinstance(current, bool) == isinstance(value, bool) or current is None
    if isinstance(current, float) and isinstance(value, (int, str)):
        # YAML 1.1 reads 1e-4 as text
        try:
            return float(value), True
        except (ValueError, OverflowError):
            return value, False
    if isinstance(current, (tuple, list)) and isinstance(value, (tuple, list)):
        pairs = [_convert(item, current[0]) if current else (item, True) for item in value]
        return type(current)(item for item, _ in pairs), all(fits for _, fits in pairs)
    return value, current is None or isinstance(value, type(current))
