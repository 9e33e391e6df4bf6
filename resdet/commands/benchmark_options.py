"""What each benchmark can be told on the command line. Imports nothing heavy."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from backbones.machine.precision import PRECISIONS
from backbones.terminal.parser import add_overrides, number, positive, whole
from backbones.terminal.planned import existing, reads, writes

_OPTIONS: dict[str, dict[str, Any]] = {
    "--images": {"type": Path, "metavar": "DIR", "help": "JPEGs to read [synthetic ones]"},
    "--rounds": {"type": positive, "metavar": "N", "help": "how often each way runs"},
    "--side": {"type": positive, "metavar": "PIXELS", "help": "of the images, the shorter one"},
    "--batch": {"type": positive, "metavar": "N", "help": "images at once"},
    "--networks": {"nargs": "+", "metavar": "NAME", "help": "e.g. resnet50 vgg16"},
    "--kinds": {"nargs": "+", "metavar": "KIND", "help": "R-50-FPN, R-50-C4, R-101-C4, VGG-16"},
    "--device": {"help": "cpu, cuda [cpu]"},
    "--precision": {"choices": PRECISIONS, "help": "[fp32; train-backbone on a GPU: bf16]"},
    "--compile": {"action": "store_true", "default": None, "help": "by torch.compile"},
    "--profile": {"action": "store_true", "default": None, "help": "our slowest operators too"},
    "--plot": {"type": Path, "metavar": "PNG", "help": "draw it here"},
    "--growth": {
        "type": Path,
        "metavar": "PNG",
        "help": "how it grows, up to ten times the size, drawn here",
    },
    "--share": {"type": number, "help": "of full size [1]"},
    "--files": {"nargs": "+", "type": Path, "metavar": "FILE", "help": "checkpoints, exported"},
    "--only": {"nargs": "+", "choices": ("voc", "coco", "bootstrap"), "help": "[all]"},
}
_NETWORKS = ("--networks", "--batch", "--side", "--rounds", "--device", "--precision", "--compile")
_DETECTORS = ("--kinds", *_NETWORKS[1:], "--profile")
TAKES = {
    "input": ("--images", "--rounds"),
    "infer-backbone": _NETWORKS,
    "train-backbone": _NETWORKS,
    "infer-det": _DETECTORS,
    "train-det": _DETECTORS,
    "scaling": ("--device", "--plot"),
    "eval": ("--share", "--only", "--growth"),
    "files": ("--files", "--images", "--rounds"),
    "visualize": ("--files", "--images", "--rounds"),
}
_OF_YOURS = ("files", "visualize")  # which `all` leaves out
_WHAT = {
    "input": "images from the disk to tensors",
    "infer-backbone": "classification networks",
    "train-backbone": "training of these; with --config, that of a config",
    "infer-det": "detectors",
    "train-det": "training of these",
    "scaling": "how cost grows with size",
    "eval": "VOC, COCO and the bootstrap at full size",
    "files": "detectors of your own, in any of their forms, on your images",
    "visualize": "the command of that name by each of them, from its start to the last picture",
    "all": "all of them, and the goals the figures are held to",
}
_OF_ALL = ("--images", "--device", "--plot")  # which `all` hands to those that take them
_KEYWORDS = {"compile": "compiled", "profile": "profiled"}  # where the function's word differs
_OF_CONFIG = {"iterations": 100, "variant": (), "overrides": ()}


def add_benchmarks(parser: argparse.ArgumentParser) -> None:
    """A command for each benchmark, and `all`."""
    what = parser.add_subparsers(dest="what", required=True, title="what", metavar="WHAT")
    commands = {
        name: what.add_parser(name, help=told, description=told) for name, told in _WHAT.items()
    }
    for name, options in {**TAKES, "all": _OF_ALL}.items():
        for option in options:
            added = commands[name].add_argument(option, **_OPTIONS[option])
            if option in ("--plot", "--growth"):
                writes(added)
            added.required = name in _OF_YOURS and option != "--rounds"
    known = _of_all()
    only: dict[str, Any] = {"nargs": "+", "choices": known, "metavar": "NAME"}
    commands["all"].add_argument("--only", help=f"some of {', '.join(known)} [all]", **only)
    training = commands["train-backbone"]
    told = "of configs/backbones, or a path [none]"
    reads(training.add_argument("--config", metavar="NAME", help=told), existing)
    training.add_argument("--iterations", type=whole, metavar="N", help="of --config, a run [100]")
    variant: dict[str, Any] = {"action": "append", "metavar": '"NAME: KEY VALUE ..."'}
    training.add_argument("--variant", help="of --config, with these values; repeatable", **variant)
    add_overrides(training, help="of --config")
    for command in commands.values():
        told = "write all that was measured here"
        writes(command.add_argument("--json", type=Path, metavar="FILE", help=told))


def chosen(args: argparse.Namespace) -> list[str]:
    """The benchmarks to run."""
    if args.what != "all":
        return [args.what]
    return [name for name in _of_all() if args.only is None or name in args.only]


def _of_all() -> list[str]:
    return [name for name in TAKES if name not in _OF_YOURS]


def keywords(name: str, args: argparse.Namespace) -> dict[str, Any]:
    """What benchmark `name` is called with: the options given.

    Raises: ValueError for options of one form of train-backbone with the other.
    """
    given = {
        option: getattr(args, option, None)
        for option in (o.removeprefix("--") for o in TAKES[name])
    }
    if args.what == "all":
        given.pop("only", None)  # of `all` itself
    given = {option: value for option, value in given.items() if value is not None}
    if name == "train-backbone" and args.what == name:
        own = {option: getattr(args, option) for option in _OF_CONFIG}
        if args.config is None:
            _refuse(
                [o for o, value in own.items() if value not in (None, [])],
                "with",
                "give --config NAME",
            )
        else:
            _refuse([o for o in given if o != "rounds"], "without", "give it as KEY VALUE")
            defaults = {option: value or _OF_CONFIG[option] for option, value in own.items()}
            iterations = _OF_CONFIG["iterations"] if args.iterations is None else args.iterations
            return {"config": args.config, **defaults, "iterations": iterations, **given}
    return {_KEYWORDS.get(option, option): value for option, value in given.items()}


def _refuse(options: Sequence[str], word: str, way_out: str) -> None:
    if options:
        names = ", ".join("KEY VALUE" if o == "overrides" else f"--{o}" for o in options)
        raise ValueError(f"{names} must be given {word} --config; {way_out}")
