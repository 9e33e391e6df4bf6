"""Tests lie where the modules lie: tests/resdet/data/test_loader.py is of resdet/data/loader.py.

What crosses modules, a whole command, two processes, a stranger's file, is in tests/system.
"""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TESTS = sorted(
    p for part in ("backbones", "resdet") for p in ROOT.glob(f"tests/{part}/**/test_*.py")
)


@pytest.mark.parametrize("path", TESTS, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_test_has_its_module(path: Path) -> None:
    name = path.stem.removeprefix("test_")
    folder = ROOT / path.parent.relative_to(ROOT / "tests")
    module = folder / ("__init__.py" if name == "init" else f"{name}.py")
    assert module.is_file() or (folder / name).is_dir(), f"no {module.relative_to(ROOT)}"
