"""Versions of packages that are not imported."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
from pathlib import Path


def version(name: str) -> str:
    """Of a package, which is not imported; "" where it is absent."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return ""
    source = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    for node in source.body:  # a bare copy of the source, as on PYTHONPATH
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__":
            return f"{ast.literal_eval(node.value)} (of {Path(spec.origin).parent})"
    return "of unknown version"
