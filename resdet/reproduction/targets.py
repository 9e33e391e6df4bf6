"""The tables and figures of the paper: who measures each, and what may be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

from backbones.reproduction.sheet import Sheet
from resdet.reproduction.request import Request, Scale

SHARED = ("--data", "--output", "--scale")
OPTIONS = {"only": "--only", "seeds": "--seeds", "publish": "--publish", "overrides": "KEY VALUE"}


@dataclass(frozen=True)
class Target:
    """`module`.reproduce(request) measures it, and returns the sheet.

    `takes` are those of OPTIONS that it has; every target has the SHARED ones.
    """

    module: str
    takes: frozenset[str] = frozenset()
    scales: tuple[Scale, ...] = ("smoke", "full")


_NETWORKS = Target("resdet.reproduction.networks", frozenset(OPTIONS))
_EXTRAS = Target("resdet.reproduction.table9", frozenset({"seeds", "publish"}), ("full",))
_IMAGENET = Target("resdet.reproduction.imagenet")

TARGETS: Mapping[str, Target] = {
    **dict.fromkeys(("table1", "table2", "table3", "table4", "table5", "table6"), _NETWORKS),
    "table9": _EXTRAS,
    **dict.fromkeys(("table12", "table13", "table14"), _IMAGENET),
    **dict.fromkeys(("fig1", "fig4", "fig6", "fig7"), _NETWORKS),
}


def refusal(request: Request) -> str | None:
    """What was said that the target does not take, as one line."""
    target, name = TARGETS[request.target], request.target
    if request.scale not in target.scales:
        return f"--scale must be {' or '.join(target.scales)} for {name}, got {request.scale}"
    if request.publish and request.smoke:
        return "--publish must be with --scale full: it is a trial, no result"
    silent = Request(name, request.output)
    known = [words for option, words in OPTIONS.items() if option in target.takes]
    for option, words in OPTIONS.items():
        if option not in target.takes and getattr(request, option) != getattr(silent, option):
            return f"{name} takes no {words}, only {', '.join((*SHARED, *known))}"
    return None


def reproduce(request: Request) -> tuple[Sheet, list[Path]]:
    """The sheet, and the files that were written.

    Raises: as the module of the target.
    """
    sheet: Sheet = import_module(TARGETS[request.target].module).reproduce(request)
    return sheet, sheet.write(request.folder / request.target)
