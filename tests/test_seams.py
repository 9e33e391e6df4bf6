"""The table of imports in the design, held by reading every file's imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# what each part must not import; a prefix covers all below it
FORBIDDEN = {
    "backbones": ("resdet", "detectron2", "torchvision.models.detection"),
    "backbones/config": ("torch", "torchvision", "cv2"),
    "resdet": ("detectron2", "torchvision.models.detection"),
    "resdet/structures.py": ("torch", "cv2", "fvcore", "backbones"),
    "resdet/boxes.py": ("torch", "cv2", "fvcore", "backbones"),
    "resdet/evaluation": ("torch", "torchvision", "fvcore", "backbones", "resdet.engines"),
    "resdet/visualization": ("torch", "torchvision", "fvcore", "backbones", "resdet.engines"),
    "resdet/data": ("fvcore", "backbones", "resdet.config", "resdet.modeling", "resdet.engines"),
    "resdet/config": ("torch", "torchvision", "cv2", "resdet.data", "resdet.engines"),
    "resdet/modeling": ("resdet.engines", "resdet.data", "resdet.config", "resdet.evaluation"),
    "resdet/engines/tv": ("detectron2", "resdet.engines.d2"),
    "resdet/engines/d2": ("torchvision.models.detection", "resdet.engines.tv"),
}
ALLOWED = {
    "resdet/engines/tv": ("torchvision.models.detection",),
    "resdet/engines/d2": ("detectron2",),
}
# a config reads files by the loader that classification uses, and nothing else of it
CONFIG_MAY = ("backbones.config", "backbones.shipped")
# files of images are read, kept and handed on by the code that classification uses
DATA_MAY = (
    "backbones.config.plain_yaml",
    "backbones.data.check_fix",
    "backbones.data.check_images",
    "backbones.data.check_kinds",
    "backbones.data.check_report",
    "backbones.data.check_usable",
    "backbones.data.header",
    "backbones.data.jpeg",
    "backbones.data.cache",
    "backbones.data.workers",
    "backbones.progress",
)


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def under(name: str, prefixes: tuple[str, ...]) -> bool:
    return any(name == p or name.startswith(f"{p}.") for p in prefixes)


FILES = sorted([*ROOT.glob("backbones/**/*.py"), *ROOT.glob("resdet/**/*.py")])


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_keep_to_their_side(path: Path) -> None:
    where = path.relative_to(ROOT).as_posix()
    parts = [p for p in FORBIDDEN if where == p or where.startswith(f"{p}/")]
    allowed = tuple(a for p, names in ALLOWED.items() if where.startswith(p) for a in names)
    if where.startswith("resdet/data/"):
        allowed += DATA_MAY
    banned = tuple(name for part in parts for name in FORBIDDEN[part])
    broken = [n for n in imports(path) if under(n, banned) and not under(n, allowed)]
    assert broken == []
    if where.startswith("resdet/config/"):
        ours = [n for n in imports(path) if under(n, ("backbones",))]
        assert all(under(n, CONFIG_MAY) for n in ours), ours


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_is_one_module(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", sorted(ROOT.glob("tools/*.py")), ids=lambda p: p.name)
def test_a_tool_parses_loads_calls_and_prints(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 120


def test_cfg_is_read_in_few_places() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in FILES
        if "cfg." in path.read_text() and path.parts[-3:-1] != ("resdet", "config")
    }
    allowed = ("resdet/modeling/backbone.py", "resdet/engines/", "backbones/")
    assert all(r.startswith(allowed) for r in readers), readers
