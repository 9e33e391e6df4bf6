"""YAML as configs need it: plain values, of a size and depth that a person writes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import yaml

_LARGEST = 1 << 18  # bytes; a config of a thousand class names has 30,000
_MOST_VALUES = 100_000  # with every alias written out, which nine lines can make a billion


def read_yaml(path: Path) -> Any:
    """The value in a file. Raises: FileNotFoundError; ValueError as `parse_yaml`."""
    if not path.is_file():
        raise FileNotFoundError(path)
    if path.stat().st_size > _LARGEST:
        raise ValueError(f"{path.stat().st_size} bytes for at most {_LARGEST}")
    return parse_yaml(path.read_bytes().decode("utf-8"))


def parse_yaml(text: str, *, typed: bool = True) -> Any:
    """The value of a text; None of an empty one. Without `typed` every scalar is a string.

    Raises: ValueError that says what is wrong, and of most faults where: tags that name code, a key
        twice, aliases within aliases without end, a text that is too large or too deep.
    """
    if len(text) > _LARGEST:
        raise ValueError(f"{len(text)} characters for at most {_LARGEST}")
    try:
        loader = yaml.SafeLoader(text) if typed else yaml.BaseLoader(text)
        node = loader.get_single_node()
        if node is None:
            return None
        _check(node, {})
        return loader.construct_document(node)
    except RecursionError:
        raise ValueError("values within values, deeper than can be read") from None
    except (yaml.YAMLError, ValueError, LookupError, TypeError, AttributeError) as error:
        # of `!!bool abc` and the like it raises anything
        raise ValueError(str(error) or type(error).__name__) from error


def _check(node: yaml.Node, sizes: dict[int, int]) -> int:
    """How many values a node is with its aliases written out. Raises: ValueError."""
    if id(node) in sizes:
        if not sizes[id(node)]:
            raise ValueError(f"an alias that leads back to itself{_place(node)}")
        return sizes[id(node)]
    sizes[id(node)] = 0
    parts = [] if isinstance(node, yaml.ScalarNode) else list(node.value)
    if isinstance(node, yaml.MappingNode):
        keys = Counter(key.value for key, _ in parts if isinstance(key, yaml.ScalarNode))
        twice = [key for key, count in keys.items() if count > 1]
        if twice:
            raise ValueError(f"{twice[0]!r} twice in one mapping{_place(node)}")
        parts = [part for pair in parts for part in pair]
    size = 1 + sum(_check(part, sizes) for part in parts)
    if size > _MOST_VALUES:
        raise ValueError(f"aliases that stand for more than {_MOST_VALUES} values{_place(node)}")
    sizes[id(node)] = size
    return size


def _place(node: yaml.Node) -> str:
    return f" in line {node.start_mark.line + 1}"
