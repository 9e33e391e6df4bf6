"""The imports of the source, from file to file, gathered into groups of modules."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

PARTS = ("tools", "resdet", "backbones")  # none imports one that stands before it
# of a package's own modules: those that import none of its subpackages; those that do, and on
# which other subpackages stand
BELOW, BETWEEN = ".below", ".between"
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
    """A group for each folder; a package's own modules are up to three, one above another."""
    files = {_module(root, path): path for part in PARTS for path in _sources(root / part)}
    edges = {name: set(_imports(path, files)) - {name} for name, path in files.items()}
    folder = {name: ".".join(p.relative_to(root).parts[:-1]) for name, p in files.items()}
    group = dict(folder)
    for package in PARTS[1:]:
        group |= _own_groups(package, folder, edges)
    modules: dict[str, list[str]] = {}
    imports: Counter[Edge] = Counter()
    for name in files:
        modules.setdefault(group[name], []).append(name)
        imports.update((group[name], other) for other in {group[to] for to in edges[name]})
    kept = Counter({(a, b): count for (a, b), count in imports.items() if a != b})
    return Groups({name: tuple(found) for name, found in modules.items()}, kept)


def _sources(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*.py") if path.stat().st_size)


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


def _own_groups(
    package: str, folder: Mapping[str, str], edges: Mapping[str, set[str]]
) -> dict[str, str]:
    own = {name for name in folder if folder[name] == package}
    pairs = {(name, to) for name in edges for to in edges[name] if to != package}
    reach = {name: reached(name, pairs) for name in folder}
    inside = {name for name in folder if name.startswith(f"{package}.")} - own
    subpackages = {name: folder[name] for name in inside}
    uses = {name: {subpackages[to] for to in reach[name] if to in subpackages} for name in own}
    above = {name for name in own if uses[name]}
    users = {part for name, part in subpackages.items() if reach[name] & above}
    between = {name for name in above if not uses[name] & users}
    return dict.fromkeys(own - above, package + BELOW) | dict.fromkeys(between, package + BETWEEN)


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
