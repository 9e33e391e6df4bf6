"""The command `resdet`: each module of this room that is named below is a subcommand.

Imports nothing heavy.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from backbones.machine.versions import version
from backbones.terminal.parser import run
from backbones.terminal.wording import nearest

GROUPS = {
    "train": ("train-det", "train-backbone"),
    "measure": (
        *("eval-voc", "eval-coco", "eval-loc", "eval-backbone"),
        *("explain", "compare", "reproduce", "benchmark"),
    ),
    "look": ("visualize",),
    "data": ("check-data", "convert", "make-shapes"),
    "weights": ("export", "convert-weights"),
    "this machine": ("doctor", "completion"),
}
COMMANDS = tuple(name for group in GROUPS.values() for name in group)
_REPORTED = ("resdet", "torch", "torchvision", "detectron2")
_HELP = """usage: resdet COMMAND [options]

Faster R-CNN on the networks of Deep Residual Learning: train, measure, look.
{commands}
resdet COMMAND --help   options and examples of one command
resdet --version        versions of resdet, torch, torchvision and detectron2
"""


def entry() -> None:
    """What the installed command `resdet` calls."""
    words = sys.argv[1:]
    if len(words) > 1 and words[0] == "help" and words[1] in COMMANDS:
        words = [words[1], "--help"]
    if words and words[0] in COMMANDS:
        sys.argv = [f"resdet {words[0]}", *words[1:]]
        run(command(words[0]).main)
    run(main)


def main(argv: Sequence[str]) -> int:
    """What is asked of no command.

    Raises: ValueError for a command that is none.
    """
    if not argv or argv[0] in ("-h", "--help", "help"):
        print(overview(), end="", file=sys.stdout if argv else sys.stderr)
        return 0 if argv else 2
    if argv[0] == "--version":
        print(*versions(), sep="\n")
        return 0
    word = argv[0].replace("_", "-").removesuffix(".py")
    kind = "option" if word.startswith("-") else "command"
    near = nearest(word, COMMANDS, most=1, cutoff=0.6) if kind == "command" else ""
    raise ValueError(f"unknown {kind} {argv[0]}{near or '; resdet --help lists all'}")


def command(name: str) -> ModuleType:
    """The module of a subcommand: `arguments() -> ArgumentParser`, `main(argv) -> int | None`."""
    return importlib.import_module(f"resdet.commands.{name.replace('-', '_')}")


def overview() -> str:
    """Every command with the first line of its module."""
    width = max(map(len, COMMANDS)) + 2
    lines = []
    for title, names in GROUPS.items():
        lines += ["", f"{title}:", *(f"  {name:{width}}{summary(name)}" for name in names)]
    return _HELP.format(commands="\n".join(lines) + "\n")


def summary(name: str) -> str:
    """The first line of a command's docstring; its module is not imported."""
    path = Path(__file__).with_name(f"{name.replace('-', '_')}.py")
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def versions() -> list[str]:
    """A line each, and Python's."""
    found = {name: version(name) or "absent" for name in _REPORTED}
    found["Python"] = platform.python_version()
    return [f"{name:12}{text}" for name, text in found.items()]


def parser() -> argparse.ArgumentParser:
    """All commands as one parser, for the completion of shells."""
    whole = argparse.ArgumentParser(prog="resdet", add_help=False)
    for option, told in (("--help", "list the commands"), ("--version", "of the parts")):
        whole.add_argument(option, action="store_true", help=told)
    commands: Any = whole.add_subparsers(dest="command")
    for name in COMMANDS:
        made = command(name).arguments()
        one = commands.add_parser(name, help=summary(name), add_help=False, parents=[made])
        one.description = made.description
    return whole
