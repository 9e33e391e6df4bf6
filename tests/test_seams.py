"""The table of seams in the design, held by reading every import of every file."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[1]
WATCHED = (  # libraries that not every room may import
    *("torch", "torchvision", "numpy", "cv2", "fvcore", "albumentations", "matplotlib"),
    *("pycocotools", "detectron2", "torchvision.models.detection"),
)
ARRAYS = ("numpy", "cv2", "matplotlib", "pycocotools")
LEARNING = (*ARRAYS, "torch", "torchvision", "albumentations")
SHARED = ("backbones.files", "backbones.images", "backbones.machine", "backbones.terminal")
EXTENDED = ("backbones.plugins",)  # the class of the registries, which imports nothing


class Room(NamedTuple):
    """What the files below a folder, or one file, may import of libraries and of ours."""

    libraries: tuple[str, ...]
    ours: tuple[str, ...]
    late: tuple[str, ...] = ()  # inside functions, or for types


_DETECTION = (
    *("resdet.structures", "resdet.config", "resdet.data", "resdet.modeling"),
    *("resdet.checkpoints", "resdet.engines", "resdet.evaluation", "resdet.visualization"),
    *("resdet.detector", "resdet.training", "resdet.export", "resdet.runtimes"),
)
# the longest that fits a file counts; each row may import itself
ROOMS = {
    "backbones": Room(LEARNING, ("backbones",)),
    "backbones/convolution": Room(("numpy", "torch"), ("backbones.machine",)),
    "backbones/config": Room(("fvcore",), ("backbones.files", "backbones.terminal")),
    "backbones/files": Room(("numpy",), SHARED),
    "backbones/images": Room((*ARRAYS, "torch"), SHARED),
    "backbones/machine": Room(LEARNING, SHARED),
    "backbones/terminal": Room(("numpy",), SHARED),
    "resdet/structures": Room(("numpy", "cv2"), ("backbones.files",)),
    "resdet/evaluation": Room(ARRAYS, (*SHARED, *EXTENDED, "resdet.structures")),
    "resdet/visualization": Room(ARRAYS, (*SHARED, "resdet.structures", "resdet.evaluation")),
    "resdet/data": Room((*ARRAYS, "albumentations"), (*SHARED, *EXTENDED, "resdet.structures")),
    "resdet/data/loader.py": Room(LEARNING, (*SHARED, "resdet.structures", "resdet.data")),
    "resdet/config": Room(("fvcore",), (*EXTENDED, *SHARED, "backbones.config")),
    "resdet/modeling": Room((*LEARNING, "fvcore"), ("backbones", "resdet.structures")),
    "resdet/checkpoints": Room((*LEARNING, "fvcore"), ("backbones", *_DETECTION[:4])),
    "resdet/engines": Room((*LEARNING, "fvcore"), ("backbones", *_DETECTION[:5])),
    "resdet/engines/tv": Room(
        (*LEARNING, "fvcore", "torchvision.models.detection"),
        ("backbones", *_DETECTION[:5], "resdet.engines.samples"),
    ),
    "resdet/engines/d2": Room(
        (*LEARNING, "fvcore", "detectron2"),
        ("backbones", *_DETECTION[:5], "resdet.engines.samples"),
    ),
    "resdet/detector": Room((*LEARNING, "fvcore"), ("backbones", *_DETECTION[:8])),
    "resdet/training": Room((*LEARNING, "fvcore"), ("backbones", *_DETECTION[:9])),
    "resdet/export": Room((*LEARNING, "fvcore"), ("backbones", *_DETECTION[:9])),
    "resdet/runtimes": Room(LEARNING, ("backbones", *_DETECTION)),
    "resdet/reproduction": Room((*LEARNING, "fvcore"), ("backbones", *_DETECTION)),
    "resdet/benchmarks": Room((*LEARNING, "fvcore"), ("backbones", *_DETECTION)),
    "resdet/benchmarks/peers": Room(
        (*LEARNING, "fvcore", "detectron2", "torchvision.models.detection"),
        ("backbones", *_DETECTION, "resdet.benchmarks"),
    ),
    "resdet/doctor": Room(
        (), (*SHARED, *EXTENDED, "resdet.engines.registry"), late=(*LEARNING, "backbones", "resdet")
    ),
    "resdet/commands": Room((), (*SHARED,), late=(*LEARNING, "fvcore", "backbones", "resdet")),
    # what commands do once their options are read, which they import then
    "resdet/commands/show.py": Room(ARRAYS, ("backbones", *_DETECTION, "resdet.commands")),
    "resdet/commands/outputs.py": Room(ARRAYS, ("backbones", *_DETECTION, "resdet.commands")),
    "resdet/commands/rescored.py": Room(ARRAYS, ("backbones", *_DETECTION, "resdet.commands")),
    "resdet/commands/sources.py": Room(ARRAYS, ("backbones", *_DETECTION, "resdet.commands")),
    "resdet": Room((), ("resdet",), late=("torch", "fvcore", "backbones")),
}


class Import(NamedTuple):
    """A name, and whether it is imported when the module is."""

    name: str
    at_once: bool


def modules() -> dict[str, Path]:
    found = {}
    for path in sorted([*ROOT.glob("backbones/**/*.py"), *ROOT.glob("resdet/**/*.py")]):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = modules()


def imports(path: Path, known: Mapping[str, Path] = MODULES) -> Iterator[Import]:
    """Every import of a file, late ones and those for types included, modules by their own name."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    late = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.If)
        for inner in ast.walk(node)
    }
    for node in ast.walk(tree):
        at_once = id(node) not in late
        if isinstance(node, ast.Import):
            yield from (Import(alias.name, at_once) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports by dots"
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            # a library's part may be named as `from torchvision.models import detection`
            ours = str(node.module).split(".")[0] in ("backbones", "resdet")
            yield from (
                Import(name if name in known or not ours else str(node.module), at_once)
                for name in full
            )


def under(name: str, prefixes: Sequence[str]) -> bool:
    return any(name == p or name.startswith(f"{p}.") for p in prefixes)


def room_of(path: Path) -> tuple[str, Room]:
    where = path.relative_to(ROOT).as_posix()
    rows = [row for row in ROOMS if where == row or where.startswith(f"{row}/")]
    row = max(rows, key=len)
    return row, ROOMS[row]


def strangers(path: Path) -> list[str]:
    row, room = room_of(path)
    own = (row.removesuffix(".py").replace("/", "."),)
    found = []
    for name, at_once in imports(path):
        late = () if at_once else room.late
        top = name.split(".")[0]
        if top in ("backbones", "resdet"):
            fits = under(name, (*own, *room.ours, *late))
        elif top in WATCHED:
            closest = max((w for w in WATCHED if under(name, (w,))), key=len)
            fits = closest in (*room.libraries, *late)
        else:
            fits = True
        found += [] if fits else [name]
    return found


@pytest.mark.parametrize("path", MODULES.values(), ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_keep_to_their_side(path: Path) -> None:
    assert strangers(path) == []


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The groups of modules that import one another, by Tarjan's algorithm."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(module: str) -> None:
        index[module] = low[module] = len(index)
        stack.append(module)
        for other in sorted(graph[module]):
            if other not in index:
                visit(other)
                low[module] = min(low[module], low[other])
            elif other in stack:
                low[module] = min(low[module], index[other])
        if low[module] == index[module]:
            at = stack.index(module)
            group, stack[at:] = stack[at:], []
            found.extend([sorted(group)] if len(group) > 1 else [])

    for module in graph:
        if module not in index:
            visit(module)
    return found


def graph_of(known: Mapping[str, Path]) -> dict[str, set[str]]:
    return {
        module: {i.name for i in imports(path, known) if i.name in known} - {module}
        for module, path in known.items()
    }


def test_no_import_runs_in_a_circle() -> None:
    assert circles(graph_of(MODULES)) == []


def test_a_circle_is_seen_even_where_it_is_late_or_for_types(tmp_path: Path) -> None:
    texts = {
        "backbones.a": "def f():\n    from backbones import b\n",
        "backbones.b": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n"
        "    from backbones.a import f\n",
        "backbones.c": "import backbones.b\n",
    }
    known = {}
    for name, text in texts.items():
        known[name] = tmp_path / f"{name}.py"
        known[name].write_text(text)
    assert circles(graph_of(known)) == [["backbones.a", "backbones.b"]]


@pytest.mark.parametrize("path", MODULES.values(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_is_one_module(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 400


def long_functions(text: str) -> list[str]:
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, kinds)]
    return [f.name for f in functions if (f.end_lineno or f.lineno) - f.lineno >= 60]


@pytest.mark.parametrize("path", MODULES.values(), ids=lambda p: str(p.relative_to(ROOT)))
def test_a_function_fits_a_screen(path: Path) -> None:
    assert long_functions(path.read_text()) == []


def test_a_long_function_is_seen_wherever_it_stands() -> None:
    def of(lines: int) -> str:
        return "class A:\n    def f(self):\n" + "        pass\n" * (lines - 1)

    assert long_functions(of(60)) == []
    assert long_functions(of(61)) == ["f"]


def test_the_roots_hold_no_loose_files() -> None:
    assert {p.name for p in ROOT.glob("resdet/*.py")} == {"__init__.py", "__main__.py"}
    assert len(list(ROOT.glob("backbones/*.py"))) <= 13


@pytest.mark.parametrize("path", sorted(ROOT.glob("tools/*.py")), ids=lambda p: p.name)
def test_a_tool_is_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 120


def reads_cfg(path: Path) -> bool:
    names = (n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Attribute))
    return any(isinstance(n.value, ast.Name) and n.value.id == "cfg" for n in names)


def test_cfg_is_read_in_few_places() -> None:
    readers = {p.relative_to(ROOT).as_posix() for p in MODULES.values() if reads_cfg(p)}
    allowed = (
        *("backbones/", "resdet/config/", "resdet/modeling/parts.py", "resdet/engines/"),
        *("resdet/checkpoints/", "resdet/detector/", "resdet/training/", "resdet/benchmarks/"),
        *("resdet/commands/", "resdet/export/exportable.py", "resdet/reproduction/"),
    )
    assert [reader for reader in readers if not reader.startswith(allowed)] == []


# detectors at rest: the config is part of the file
AT_REST = {"DetectorCheckpoint", "ForeignDetector"}


def keeps_cfg(node: ast.ClassDef) -> bool:
    """Whether a class has a field of type CfgNode, or keeps an argument of that type."""
    parts = list(ast.walk(node))
    typed = [part for part in parts if isinstance(part, ast.arg | ast.AnnAssign)]
    cfgs = [t for t in typed if t.annotation and "CfgNode" in ast.unparse(t.annotation)]
    arguments = {part.arg for part in cfgs if isinstance(part, ast.arg)}
    kept = {
        value.id
        for part in parts
        if isinstance(part, ast.Assign) and "self." in ast.unparse(part.targets[0])
        for value in (part.value.elts if isinstance(part.value, ast.Tuple) else [part.value])
        if isinstance(value, ast.Name)
    }
    return bool(kept & arguments) or any(isinstance(part, ast.AnnAssign) for part in cfgs)


def test_no_class_keeps_a_cfg() -> None:
    keepers = {
        node.name
        for path in MODULES.values()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and keeps_cfg(node)
    }
    assert keepers == AT_REST


@pytest.mark.parametrize(
    "body",
    [
        "    cfg: CfgNode",
        "    cfg: CfgNode | None = None",
        "    def __init__(self, c: CfgNode) -> None:\n        self._asked = c",
        "    def __init__(self, *, c: 'CfgNode') -> None:\n        self.a, self.b = 1, c",
    ],
)
def test_a_cfg_kept_is_seen(body: str) -> None:
    (node,) = ast.parse(f"class A:\n{body}\n").body
    assert isinstance(node, ast.ClassDef)
    assert keeps_cfg(node)
