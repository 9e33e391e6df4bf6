"""Tests lie where the modules lie: tests/resdet/data/test_loader.py is of resdet/data/loader.py.

Both ways: a test has its module, and a module that does anything has its test. What crosses
modules, a whole command, two processes, a stranger's file, is in tests/system.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = sorted(
    p for part in ("backbones", "resdet") for p in ROOT.glob(f"tests/{part}/**/test_*.py")
)
MODULES = sorted(
    p for part in ("backbones", "resdet", "tools/docs") for p in ROOT.glob(f"{part}/**/*.py")
)
WITHOUT = {
    "resdet/export/onnx_operators.py": "torch.onnx translates it; export/test_detector runs that",
}


def does_anything(module: Path) -> bool:
    """Whether a function has a body: constants, fields and protocols have none."""
    return any(
        isinstance(node, ast.FunctionDef)
        and not all(
            isinstance(n, ast.Expr) and isinstance(n.value, ast.Constant) for n in node.body
        )
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
    )


def home_of(module: Path) -> Path:
    """Where the test of a module lies."""
    name = "init" if module.stem == "__init__" else module.stem
    folder = module.parent.relative_to(ROOT)
    return ROOT / "tests" / ("docs" if folder.parts[0] == "tools" else folder) / f"test_{name}.py"


@pytest.mark.parametrize("path", TESTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_test_has_its_module(path: Path) -> None:
    name = path.stem.removeprefix("test_")
    folder = ROOT / path.parent.relative_to(ROOT / "tests")
    module = folder / ("__init__.py" if name == "init" else f"{name}.py")
    assert module.is_file() or (folder / name).is_dir(), f"no {module.relative_to(ROOT)}"


@pytest.mark.parametrize("module", MODULES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_module_that_does_anything_has_its_test(module: Path) -> None:
    if str(module.relative_to(ROOT)) not in WITHOUT and does_anything(module):
        assert home_of(module).is_file(), f"no {home_of(module).relative_to(ROOT)}"


def test_what_needs_no_test_is_there() -> None:
    assert all((ROOT / name).is_file() for name in WITHOUT)
    assert not [name for name in WITHOUT if home_of(ROOT / name).is_file()]
