"""The tables and figures of the paper: who measures each, and what may be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from backbones.reproduction.sheet import Sheet
from resdet.reproduction.request import Request, Scale

SHARED = ("--output", "--scale")
OPTIONS = {"only": "--only", "seeds": "--seeds", "publish": "--publish", "overrides": "KEY VALUE"}
_SAID = {"data": "--data", **OPTIONS}


@dataclass(frozen=True)
class Target:
    """`module`.reproduce(request) measures it, and returns the sheet.

    `takes` are those of OPTIONS that it has; every target has the SHARED ones. `data` is what
    --data holds at full scale; where it is "", there is no --data.
    """

    module: str
    takes: frozenset[str] = frozenset()
    scales: tuple[Scale, ...] = ("smoke", "full")
    data: str = ""


_VOC, _COCO = "VOC2007, VOC2012", "coco"
_NETWORKS = Target("resdet.reproduction.networks", frozenset(OPTIONS))
_CIFAR = replace(_NETWORKS, data="CIFAR-10, as torchvision stores it")
_IMAGENET = replace(_NETWORKS, data="ImageNet: train/<class>/, val/<class>/")
_IMPROVED = Target(
    "resdet.reproduction.improvements",
    frozenset({"only", "publish", "overrides"}),
    data=f"{_VOC}, {_COCO}",
)
_IMPROVED_COCO = replace(
    _IMPROVED, takes=_IMPROVED.takes | {"seeds"}, scales=("smoke", "small", "full"), data=_COCO
)
_PAIRS = Target("resdet.reproduction.pairs", frozenset(OPTIONS), ("smoke", "small", "full"))
_DRAWINGS = Target("resdet.reproduction.drawings")
_PLACES = Target("resdet.reproduction.imagenet", data="ILSVRC")

TARGETS: Mapping[str, Target] = {
    "table1": replace(_NETWORKS, takes=frozenset()),
    **dict.fromkeys(("table2", "table3", "table4", "table5"), _IMAGENET),
    "table6": _CIFAR,
    "table7": replace(_PAIRS, data=_VOC),
    "table8": replace(_PAIRS, data=_COCO),
    "table9": _IMPROVED_COCO,
    "table10": replace(_IMPROVED, scales=("smoke", "small", "full")),
    "table11": _IMPROVED,
    **dict.fromkeys(("table12", "table13", "table14"), _PLACES),
    "fig1": _CIFAR,
    **dict.fromkeys(("fig2", "fig3"), _DRAWINGS),
    "fig4": _IMAGENET,
    "fig5": _DRAWINGS,
    **dict.fromkeys(("fig6", "fig7"), _CIFAR),
}


def measuring(name: str) -> str:
    """The command that measures a target as the paper did."""
    return f"resdet reproduce {name}" + " --data DIR" * bool(TARGETS[name].data)


def refusal(request: Request) -> str | None:
    """What was said that the target does not take, as one line."""
    target, name = TARGETS[request.target], request.target
    if request.scale not in target.scales:
        return f"--scale must be {' or '.join(target.scales)} for {name}, got {request.scale}"
    if request.publish and request.smoke:
        results = " or ".join(scale for scale in target.scales if scale != "smoke")
        return f"--publish must be with --scale {results}, got smoke: it is a trial, no result"
    silent = Request(name, request.output)
    takes = target.takes | ({"data"} if target.data else set())
    known = [words for option, words in _SAID.items() if option in takes]
    for option, words in _SAID.items():
        if option not in takes and getattr(request, option) != getattr(silent, option):
            return f"{name} takes no {words}, only {', '.join((*SHARED, *known))}"
    return None


def reproduce(request: Request) -> tuple[Sheet, list[Path]]:
    """The sheet, and the files that were written.

    Raises: as the module of the target.
    """
    sheet: Sheet = import_module(TARGETS[request.target].module).reproduce(request)
    return sheet, sheet.write(request.folder / request.target)
