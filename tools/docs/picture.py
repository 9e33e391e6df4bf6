"""The groups and their arrows as one SVG, for light pages and dark ones."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path

from tools.docs.graph import Edge, Groups, read_groups, without_detours
from tools.docs.layout import Layout, Place, lay_out

# pixels of a letter: of modules' names, all alike; of titles and roles, the widest usual fonts'
CHARACTER, TITLE_CHARACTER, ROLE_CHARACTER = 6.7, 9.8, 6.9
LINE = 15.0
HEAD_OF_ARROW = 8.0  # from the end of its line to the box
COLUMN_GAP = 14.0
PADDING = 14.0
HEAD = 44.0  # title and role above the names
BETWEEN_ROWS = 60.0
MARGIN = 40.0
TITLE = 92.0
ROLES = {
    "tools": "the commands as files",
    "resdet": "the public names",
    "resdet.benchmarks": "speed, side by side with others",
    "resdet.checkpoints": "a detector's file",
    "resdet.commands": "parse, load, call, print",
    "resdet.config": "detectron2's keys, a row each",
    "resdet.data": "annotations of every form into records",
    "resdet.detector": "a trained detector at work",
    "resdet.doctor": "what is installed, and what is missing",
    "resdet.engines": "detectron2's parts or torchvision's",
    "resdet.evaluation": "NumPy: from detections to numbers",
    "resdet.runtimes": "OpenVINO, onnxruntime in torch's place",
    "resdet.export": "ONNX, OpenVINO, int8, a page",
    "resdet.modeling": "trunk, pyramid, heads",
    "resdet.reproduction": "the paper's tables",
    "resdet.structures": "what crosses seams",
    "resdet.training": "a run and what it leaves",
    "resdet.visualization": "boxes, curves, gallery",
    "backbones": "the networks",
    "backbones.benchmarks": "speed, side by side with others",
    "backbones.convolution": "3x3 layers on a CPU",
    "backbones.config": "keys, and the loader of YAML",
    "backbones.data": "images, views, loaders",
    "backbones.evaluation": "crops, scales, ensembles",
    "backbones.export": "ONNX, torch.export",
    "backbones.files": "reading safely, writing whole",
    "backbones.images": "heads, decoding, checks",
    "backbones.machine": "cores, memory, processes",
    "backbones.peers": "what the paper compares with",
    "backbones.reproduction": "the paper's tables",
    "backbones.terminal": "parser, bars, words",
    "backbones.training": "the loop, schedules, solver",
    "backbones.weights": "ours and those of others",
}
STYLE = """
svg { --paper: #ffffff; --ink: #1b1f24; --faint: #59636e; --line: #d1d9e0; --box: #ffffff;
  --tools: #b35900; --resdet: #0969a8; --backbones: #0a7a5a; --up: #b02a37;
  font-family: system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; }
@media (prefers-color-scheme: dark) {
  svg { --paper: #0d1117; --ink: #e6edf3; --faint: #9198a1; --line: #3d444d; --box: #151b23;
    --tools: #f0a04b; --resdet: #6cb6ff; --backbones: #4ecb9d; --up: #ff8182; } }
.paper { fill: var(--paper); }
.headline { font-size: 22px; font-weight: 600; fill: var(--ink); }
.title { font-size: 15px; font-weight: 600; }
.role, .legend { font-size: 12px; fill: var(--faint); }
.module { font-size: 11px; fill: var(--ink);
  font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.box { fill: var(--box); stroke-width: 1.5; }
.arrow { fill: none; stroke-width: 1.6; stroke-opacity: .75; }
.back { stroke-dasharray: 6 4; }
"""
_PARTS = {"tools": "--tools", "resdet": "--resdet", "backbones": "--backbones"}


def architecture(root: Path) -> str:
    """The SVG of the source in `root`."""
    groups = read_groups(root)
    down, up = without_detours(groups)
    sizes = {name: _size(name, modules) for name, modules in groups.modules.items()}
    layout = lay_out(sizes, down, BETWEEN_ROWS)
    left = min(box.x - box.width / 2 for route in layout.routes.values() for box in route) - MARGIN
    right = max(box.x + box.width / 2 for route in layout.routes.values() for box in route) + MARGIN
    width, height = right - left, layout.bottoms[-1] + TITLE + MARGIN
    body = [*_arrows(layout, up), *_boxes(layout, groups)]
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img">',
            "<title>resdet: who imports whom</title>",
            f"<style>{STYLE}</style>",
            *_markers(),
            f'<rect class="paper" width="{width:.0f}" height="{height:.0f}" rx="12"/>',
            f'<text class="headline" x="{MARGIN}" y="46">Who imports whom</text>',
            f'<text class="legend" x="{MARGIN}" y="70">An arrow leads from the importing group to '
            "the imported one; those that others imply are left out. Dashed: the other way. "
            "Engines are loaded by name.</text>",
            f'<g transform="translate({-left:.1f} {TITLE})">',
            *body,
            "</g>",
            "</svg>",
            "",
        ]
    )


def _columns(modules: Sequence[str]) -> int:
    return max(1, min(5, math.ceil(len(modules) / 6)))


def _names(group: str, modules: Sequence[str]) -> list[str]:
    return [name.removeprefix(f"{group}.") for name in modules if name != group] or ["__init__"]


def _size(group: str, modules: Sequence[str]) -> tuple[float, float]:
    names = _names(group, modules)
    columns = _columns(names)
    wide = _column_width(names) * columns + COLUMN_GAP * (columns - 1)
    rows = math.ceil(len(names) / columns)
    least = max(len(ROLES.get(group, "")) * ROLE_CHARACTER, len(group) * TITLE_CHARACTER)
    return max(wide, least) + 2 * PADDING, HEAD + rows * LINE + PADDING


def _column_width(names: Sequence[str]) -> float:
    return max(map(len, names)) * CHARACTER


def _colour(group: str) -> str:
    return f"var({_PARTS[group.partition('.')[0]]})"


def _boxes(layout: Layout, groups: Groups) -> Iterator[str]:
    for group, place in sorted(layout.boxes.items()):
        left, colour = place.x - place.width / 2, _colour(group)
        names = _names(group, groups.modules[group])
        columns = _columns(names)
        rows = math.ceil(len(names) / columns)
        yield (
            f'<rect class="box" x="{left:.1f}" y="{place.top:.1f}" width="{place.width:.1f}" '
            f'height="{place.height:.1f}" rx="9" stroke="{colour}"/>'
        )
        x, y = left + PADDING, place.top
        title, role = group, escape(ROLES.get(group, ""))
        yield f'<text class="title" x="{x:.1f}" y="{y + 22:.1f}" fill="{colour}">{title}</text>'
        yield f'<text class="role" x="{x:.1f}" y="{y + 39:.1f}">{role}</text>'
        step = _column_width(names) + COLUMN_GAP
        for at, name in enumerate(names):
            column, row = divmod(at, rows)
            spot = f'x="{x + column * step:.1f}" y="{y + HEAD + 12 + row * LINE:.1f}"'
            yield f'<text class="module" {spot}>{escape(name)}</text>'


def _arrows(layout: Layout, up: set[Edge]) -> Iterator[str]:
    ports = _ports(layout)
    for edge, route in sorted(layout.routes.items()):
        part = edge[0].partition(".")[0]
        points: list[tuple[float, float, float]] = []  # x, from and to of a straight stretch
        for place in route:
            row_top, row_bottom = layout.tops[place.row], layout.bottoms[place.row]
            if place is route[0]:
                points.append((ports[edge, 0], place.top + place.height, row_bottom))
            elif place is route[-1]:
                points.append(
                    (ports[edge, 1], row_top - HEAD_OF_ARROW - 4, place.top - HEAD_OF_ARROW)
                )
            else:
                points.append((place.x, row_top, row_bottom))
        yield (
            f'<path class="arrow" d="{_path(points)}" stroke="{_colour(edge[0])}" '
            f'marker-end="url(#{part})"/>'
        )
    for a, b in sorted(up):  # from the lower box's top to the upper one's bottom
        lower, upper = layout.boxes[a], layout.boxes[b]
        x0, x1 = lower.x + lower.width / 2 - 22, upper.x + upper.width / 2 - 22
        points = [
            (x0, lower.top, layout.tops[lower.row]),
            (
                x1,
                layout.bottoms[upper.row] + HEAD_OF_ARROW + 4,
                upper.top + upper.height + HEAD_OF_ARROW,
            ),
        ]
        yield (
            f'<path class="arrow back" d="{_path(points)}" stroke="var(--up)" '
            'marker-end="url(#up)"/>'
        )


def _path(points: Sequence[tuple[float, float, float]]) -> str:
    x, start, end = points[0]
    commands = [f"M{x:.1f} {start:.1f}V{end:.1f}"]
    last_y = end
    for x1, top, bottom in points[1:]:
        middle = (last_y + top) / 2
        commands.append(
            f"C{x:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {top:.1f}V{bottom:.1f}"
        )
        x, last_y = x1, bottom
    return "".join(commands)


def _ports(layout: Layout) -> dict[tuple[Edge, int], float]:
    """Where each arrow leaves its box (0) and enters the other (1), in the order of the others."""
    found: dict[tuple[Edge, int], float] = {}
    for name, box in layout.boxes.items():
        for end in (0, 1):
            arrows = [edge for edge in layout.routes if edge[end] == name]
            arrows.sort(key=lambda edge: (_next(layout.routes[edge], end).x, edge))
            room = min(box.width - 60, 46.0 * (len(arrows) - 1))
            for at, edge in enumerate(arrows):
                share = at / (len(arrows) - 1) - 0.5 if len(arrows) > 1 else 0.0
                found[edge, end] = box.x + share * room
    return found


def _next(route: Sequence[Place], end: int) -> Place:
    return route[1] if end == 0 else route[-2]


def _markers() -> Iterator[str]:
    yield "<defs>"
    for name in (*_PARTS, "up"):
        yield (
            f'<marker id="{name}" viewBox="0 0 10 10" refX="2" refY="5" markerWidth="7" '
            f'markerHeight="7" orient="auto"><path d="M0 0L10 5L0 10z" fill="var(--{name})"/>'
            "</marker>"
        )
    yield "</defs>"
