"""The tables and figures of the paper: who measures each, and what may be said of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path

from backbones.reproduction.sheet import Sheet
from resdet.reproduction.request import Request, Scale

SHARED = ("--output", "--scale")
OPTIONS = {"only": "--only", "seeds": "--seeds", "publish": "--publish", "overrides": "KEY VALUE"}
_OURS = {"SEED": "--seeds", "OUTPUT_DIR": "--output", "DATASETS.ROOT": "--data"}  # not KEY VALUE
_SAID = {"data": "--data", **OPTIONS}


@dataclass(frozen=True)
class Target:
    """`module`.reproduce(request) measures it, and returns the sheet.

    `takes` are those of OPTIONS that it has, `small` those at that scale, where they differ; every
    target has the SHARED ones. `data` is what --data holds at full scale; where it is "", there is
    no --data. `trained` is the command that trains one of its networks, and that network's folder
    in <output>/runs.
    """

    module: str
    takes: frozenset[str] = frozenset()
    small: frozenset[str] | None = None
    scales: tuple[Scale, ...] = ("smoke", "full")
    data: str = ""
    trained: tuple[str, str] | None = None

    def has(self, option: str, scale: Scale) -> bool:
        """Whether it takes one of _SAID at a scale."""
        if option == "data":
            return bool(self.data)
        small = scale == "small" and self.small is not None
        return option in ((self.small or ()) if small else self.takes)


_SMALL: tuple[Scale, ...] = ("smoke", "small", "full")
_VOC, _COCO = "VOC2007, VOC2012", "coco"
_CLASSIFIER = "train-backbone", "<network>-seed<n>"
_DETECTOR = "train-det", "<config>-seed<n>"
_NETWORKS = Target("resdet.reproduction.networks", frozenset(OPTIONS), trained=_CLASSIFIER)
_CIFAR = replace(_NETWORKS, data="CIFAR-10, as torchvision stores it")
_IMAGENET = replace(_NETWORKS, data="ImageNet: train/<class>/, val/<class>/")
_IMPROVED = Target(
    "resdet.reproduction.improvements",
    frozenset({"only", "publish", "overrides"}),
    data=f"{_VOC}, {_COCO}",
    trained=_DETECTOR,
)
_PAIRS = Target(
    "resdet.reproduction.pairs",
    frozenset(OPTIONS),
    scales=_SMALL,
    trained=_DETECTOR,
)
_DRAWINGS = Target("resdet.reproduction.drawings")
_PLACES = Target("resdet.reproduction.imagenet", data="ILSVRC", trained=("train-det", "<config>"))

TARGETS: Mapping[str, Target] = {
    "table1": replace(_NETWORKS, takes=frozenset(), trained=None),
    **dict.fromkeys(("table2", "table3", "table4", "table5"), _IMAGENET),
    "table6": _CIFAR,
    "table7": replace(_PAIRS, data=_VOC),
    "table8": replace(_PAIRS, data=_COCO),
    "table9": replace(_IMPROVED, small=frozenset({"seeds", "publish"}), scales=_SMALL, data=_COCO),
    "table10": replace(_IMPROVED, small=frozenset({"only", "overrides"}), scales=_SMALL),
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


def takers(option: str) -> str:
    """The targets that take a word of the command: table2 to table8, fig1; small: table9."""
    full = [name for name, target in TARGETS.items() if target.has(option, "full")]
    small = [
        name
        for name, target in TARGETS.items()
        if "small" in target.scales and target.has(option, "small") and name not in full
    ]
    return spans(full) + (f"; small: {spans(small)}" if small else "")


def spans(names: Sequence[str]) -> str:
    """Targets of one kind, whose numbers follow one another, as one."""
    groups: list[list[str]] = []
    for name in names:
        kind = name.rstrip("0123456789")
        before = f"{kind}{int(name[len(kind) :]) - 1}"
        if groups and groups[-1][-1] == before:
            groups[-1].append(name)
        else:
            groups.append([name])
    return ", ".join(" to ".join(dict.fromkeys((g[0], g[-1]))) for g in groups)


def refusal(request: Request) -> str | None:
    """What was said that the target does not take, as one line."""
    target, name = TARGETS[request.target], request.target
    if request.scale not in target.scales:
        return f"--scale must be {' or '.join(target.scales)} for {name}, got {request.scale}"
    if request.publish and request.smoke:
        results = " or ".join(scale for scale in target.scales if scale != "smoke")
        return f"--publish must be with --scale {results}, got smoke: it is a trial, no result"
    silent = Request(name, request.output)
    known = [words for option, words in _SAID.items() if target.has(option, request.scale)]
    there = f" with --scale {request.scale}" * (target.small is not None)
    said = [o for o in _SAID if getattr(request, o) != getattr(silent, o)]
    for option in said:
        if not target.has(option, request.scale):
            return f"{name} takes no {_SAID[option]}{there}, only {', '.join((*SHARED, *known))}"
    if own := next((key for key in request.overrides[::2] if key in _OURS), None):
        return f"KEY VALUE must be without {own}, which {_OURS[own]} sets; leave it out"
    idle = [_SAID[option] for option in said if option in ("seeds", "overrides")]
    if idle and request.data is None and not request.smoke:
        return f"{idle[0]} must be with --data, got none: without data nothing is trained"
    return None


def crowd(request: Request, processes: int) -> str:
    """What is told to several processes of torchrun."""
    target = TARGETS.get(request.target)
    way = "leave torchrun out"
    if target and target.trained and request.scale == "full":
        command, folder = target.trained
        way = (
            f"train its networks by torchrun with resdet {command} --output "
            f"{request.folder / 'runs' / folder}, and give this command without torchrun, which "
            "takes what is trained"
        )
    return f"resdet reproduce must run in one process, got {processes}; {way}"


def reproduce(request: Request) -> tuple[Sheet, list[Path]]:
    """The sheet, and the files that were written.

    Raises: as the module of the target.
    """
    sheet: Sheet = import_module(TARGETS[request.target].module).reproduce(request)
    return sheet, sheet.write(request.folder / request.target)
