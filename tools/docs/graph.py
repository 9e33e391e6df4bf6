"""The imports of the source, from file to file, gathered by rooms."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PARTS = ("tools", "resdet", "backbones")  # none imports one that stands before it
Edge = tuple[str, str]


@dataclass(frozen=True)
class Groups:
    """The modules of each group, and how many modules of one import modules of another."""

    modules: dict[str, tuple[str, ...]]
    imports: Counter[Edge]

    def targets(self, group: str) -> set[str]:
        """The groups that `group` imports."""
        return {to for source, to in self.imports if source == group}


def read_groups(root: Path) -> Groups:
    """A group for each room, a folder of a package, with its folders in one line each.

    A package's own modules are a group; of tools the commands alone are one.
    """
    files = {_module(root, path): path for part in PARTS for path in _sources(root / part)}
    group = {name: _room(path.relative_to(root).parts) for name, path in files.items()}
    modules: dict[str, list[str]] = {}
    imports: Counter[Edge] = Counter()
    for name, path in files.items():
        modules.setdefault(group[name], []).append(name)
        targets = {group[to] for to in _imports(path, files)} - {group[name]}
        imports.update((group[name], other) for other in targets)
    return Groups({name: _shown(name, found) for name, found in modules.items()}, imports)


def _room(parts: tuple[str, ...]) -> str:
    return ".".join(parts[:-1][:2])


def _shown(group: str, modules: list[str]) -> tuple[str, ...]:
    """The modules, and of a folder in the room its name alone: `voc/`."""
    depth = group.count(".") + 1
    parts = [name.split(".") for name in modules]
    folders = {".".join(p[: depth + 1]) for p in parts if len(p) > depth + 1}
    plain = [name for name in modules if name.count(".") <= depth and name not in folders]
    return (*plain, *(f"{name}/" for name in sorted(folders)))


def _sources(folder: Path) -> list[Path]:
    found = folder.glob("*.py") if folder.name == PARTS[0] else folder.rglob("*.py")
    return sorted(path for path in found if path.stat().st_size)


def _module(root: Path, path: Path) -> str:
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imports(path: Path, files: Mapping[str, Path]) -> Iterator[str]:
    for node in _running(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in files)
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield from [name] if name in files else [node.module] * (node.module in files)


def _running(node: ast.AST) -> Iterator[ast.AST]:
    """All but what only type checkers read."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test):
            continue
        yield child
        yield from _running(child)


def without_detours(groups: Groups) -> tuple[set[Edge], set[Edge]]:
    """(arrows that show who stands on whom, arrows that lead back up).

    Of two groups that import each other, the arrow of more modules leads down. An arrow is left
    out where others lead there as well.
    """
    down = set(groups.imports)
    up: set[Edge] = set()
    while cycle := _cycle(down):
        weakest = min(cycle, key=lambda edge: (groups.imports[edge], edge))
        down.discard(weakest)
        up.add(weakest)
    reach = {name: reached(name, down) for name in groups.modules}
    needed = {
        (a, b)
        for a, b in down
        if not any(b in reach[other] for source, other in down if source == a and other != b)
    }
    return needed, up


def reached(start: str, edges: set[Edge]) -> set[str]:
    """Where arrows lead from `start`, by any number of them."""
    targets: dict[str, list[str]] = {}
    for a, b in edges:
        targets.setdefault(a, []).append(b)
    found: set[str] = set()
    waiting = [start]
    while waiting:
        new = [to for to in targets.get(waiting.pop(), []) if to not in found]
        found.update(new)
        waiting += new
    return found


def _cycle(edges: set[Edge]) -> list[Edge]:
    """The arrows of a shortest cycle; none where there is none."""
    best: list[Edge] = []
    for first in sorted(edges):
        paths: list[list[Edge]] = [[first]]
        seen = {first[1]}
        while paths:
            path = paths.pop(0)
            if path[-1][1] == first[0]:
                best = path if not best or len(path) < len(best) else best
                break
            for edge in sorted(edge for edge in edges if edge[0] == path[-1][1]):
                if edge[1] not in seen:
                    seen.add(edge[1])
                    paths.append([*path, edge])
    return best
