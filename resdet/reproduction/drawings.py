"""Figures 2, 3 and 5: the networks and blocks as they are here, drawn and counted."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import nn

import backbones
from backbones import complexity
from backbones.machine.outline import outline
from backbones.reproduction.diagrams import Block, Drawing, draw_blocks, draw_networks
from backbones.reproduction.paper import TABLE_1
from backbones.reproduction.sheet import Sheet
from backbones.reproduction.trace import WEIGHTED, Layer, shortcuts, trace, trunk
from resdet.reproduction.request import Request

COMPARED = {"VGG-19": {}, "plain-34": {}, "ResNet-34": {"shortcut": "A"}}
_PADDED = "ResNet-34 has shortcut A, which adds no parameter: it is padded where channels grow."
RESIDUAL = ("ResNet-34", "ResNet-50", "ResNet-101", "ResNet-152")
BLOCK = "res2.1"  # the first that keeps its channels in all of them
_PIXELS, _SIDE = (3, 224, 224), 56  # of an image, and of what the block is given
Records = Sequence[Mapping[str, Any]]


def reproduce(request: Request) -> Sheet:
    """Draw the figure; its numbers are counted of what is drawn."""
    picture = request.folder / f"{request.target}.png"
    return {"fig2": _figure_2, "fig3": _figure_3, "fig5": _figure_5}[request.target](picture)


def _figure_2(picture: Path) -> Sheet:
    title, name = "Fig. 2: a residual block", RESIDUAL[0]
    layers = _block(name)
    above = f"{name}, {BLOCK}"
    block = Block(above, layers, "x", branch="F(x)", total="F(x) + x", shortcut="x\nidentity")
    draw_blocks([block], picture, title=title, kinds=("conv", "norm"))
    (shortcut,) = shortcuts(layers)
    records = [
        {"layer": part.name, "output": "x".join(map(str, part.output)), **_numbers([part])}
        for part in _parts(name)
    ]
    kept = {"layer": "shortcut", "output": "grows" if shortcut.grows else "its input"}
    return _sheet(title, [*records, {**kept, **_numbers([])}], picture, words={"layer", "output"})


def _figure_3(picture: Path) -> Sheet:
    title = "Fig. 3: a plain and a residual network beside VGG-19"
    drawings, records = [], []
    for name, options in COMPARED.items():
        network = _network(name, **options)
        layers, counted = trace(network, _PIXELS), complexity.count(network)
        added = shortcuts(layers)
        record = {
            "network": name,
            "layers": sum(layers[at].kind in WEIGHTED for at in trunk(layers)),
            "parameters, 10^6": f"{counted.parameters / 1e6:.2f}",
            "multiply-adds, 10^9: paper": TABLE_1[name]["multiply_adds"],
            "multiply-adds, 10^9": f"{counted.multiply_adds / 1e9:.1f}",
            "shortcuts": len(added),
            "where channels grow": sum(one.grows for one in added),
        }
        told = f"{record['layers']} layers, {record['multiply-adds, 10^9']} billion multiply-adds"
        drawings.append(Drawing(f"{name}\n{told}", layers))
        records.append(record)
    draw_networks(drawings, picture, title=title)
    return replace(_sheet(title, records, picture, words={"network"}), remarks=[_PADDED])


def _figure_5(picture: Path) -> Sheet:
    title = "Fig. 5: the blocks of ResNet-34 and of deeper networks"
    drawn: dict[tuple[Layer, ...], list[str]] = {}
    for name in RESIDUAL:
        drawn.setdefault(tuple(_block(name)), []).append(name)
    blocks = [
        Block(", ".join(names), layers, given=f"{layers[-1].output[0]}-d")
        for layers, names in drawn.items()
    ]
    draw_blocks(blocks, picture, title=title, kinds=("conv",))
    records = [
        {
            "network": name,
            "block": "; ".join(str(layer) for layer in _block(name) if layer.kind in WEIGHTED),
            **_numbers(_parts(name)),
        }
        for name in RESIDUAL
    ]
    return _sheet(title, records, picture, words={"network", "block"})


@functools.cache
def _network(name: str, **options: str) -> nn.Module:
    with outline():
        return backbones.create(name.lower().replace("-", ""), num_classes=1000, **options)


def _block(name: str) -> list[Layer]:
    block = _network(name).get_submodule(BLOCK)
    first, *_ = block.parameters()
    return trace(block, (first.shape[1], _SIDE, _SIDE))


def _parts(name: str) -> list[complexity.Part]:
    """The layers with weights of the block."""
    layers = complexity.count(_network(name)).layers
    return [part for part in layers if part.name.startswith(f"{BLOCK}.")]


def _numbers(parts: Sequence[complexity.Part]) -> dict[str, str]:
    return {
        "parameters": str(sum(part.parameters for part in parts)),
        "multiply-adds, 10^6": f"{sum(part.multiply_adds for part in parts) / 1e6:.1f}",
    }


def _sheet(title: str, records: Records, picture: Path, *, words: set[str]) -> Sheet:
    header = list(records[0])
    return Sheet(
        title=title,
        header=header,
        rows=[[str(record[name]) for name in header] for record in records],
        records=records,
        words=frozenset(words),
        pictures=[picture],
    )
