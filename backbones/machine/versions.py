"""Versions of packages that are not imported, and packages that ask the network for theirs."""

from __future__ import annotations

import ast
import importlib.util
import os
from pathlib import Path


def version(name: str) -> str:
    """Of a package, which is not imported; "" where it is absent."""
    if found := installed(name):
        return found
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:  # as `importable` says
        return ""
    source = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    for node in source.body:  # a bare copy of the source, as on PYTHONPATH
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__":
            return f"{ast.literal_eval(node.value)} (of {Path(spec.origin).parent})"
    return "of unknown version"


def importable(name: str) -> bool:
    """Whether a package can be imported; a folder of that name without code is none."""
    spec = importlib.util.find_spec(name)
    return spec is not None and spec.origin is not None


def installed(distribution: str) -> str:
    """The version of what pip installed under this name; "" where it did not."""
    from importlib import metadata  # which costs a start what all else together costs

    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return ""


def look_for_no_updates() -> None:
    """Keep albumentations, which is then imported, from asking the network for a newer one."""
    os.environ.setdefault("NO_ALBUMENTATIONS_UPDATE", "1")
