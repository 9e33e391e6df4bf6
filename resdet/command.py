"""The command `resdet`: each tool of tools/ as a subcommand. Imports nothing heavy."""

from __future__ import annotations

import argparse
import ast
import importlib.metadata
import importlib.util
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from backbones import shipped
from backbones.cli import nearest, run

GROUPS = {
    "train": ("train-det", "train-backbone"),
    "measure": ("eval-voc", "eval-coco", "eval-backbone", "compare", "reproduce", "benchmark"),
    "look": ("visualize",),
    "data": ("check-data", "convert", "make-shapes"),
    "weights": ("export", "convert-weights"),
    "this machine": ("doctor", "completion"),
}
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
    if len(words) > 1 and words[0] == "help" and words[1] in tools():
        words = [words[1], "--help"]
    if words and words[0] in tools():
        sys.argv = [f"resdet {words[0]}", *words[1:]]
        run(tool(words[0]).main)
    run(main)


def main(argv: Sequence[str]) -> int:
    """What is asked of no tool.

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
    near = nearest(word, tools()) if kind == "command" else ""
    raise ValueError(f"unknown {kind} {argv[0]}{near or '; resdet --help lists all'}")


def tools() -> dict[str, Path]:
    """The subcommands by name, as `overview` lists them."""
    folder = shipped.folder("tools")
    files = {
        name: folder / f"{name.replace('-', '_')}.py" for group in GROUPS.values() for name in group
    }
    return {name: path for name, path in files.items() if path.is_file()}


def tool(name: str) -> ModuleType:
    """The module of a subcommand."""
    module_name = f"resdet_tool_{name.replace('-', '_')}"
    spec = importlib.util.spec_from_file_location(module_name, tools()[name])
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[module_name] = module  # what pickle and dataclasses look it up by
    spec.loader.exec_module(module)
    return module


def overview() -> str:
    """Every command with the first line of its tool."""
    known = tools()
    width = max(map(len, known)) + 2
    lines = []
    for title, names in GROUPS.items():
        told = [f"  {name:{width}}{summary(known[name])}" for name in names if name in known]
        lines += ["", f"{title}:", *told] if told else []
    return _HELP.format(commands="\n".join(lines) + "\n")


def summary(path: Path) -> str:
    """The first line of a module's docstring, which is not imported."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0]


def versions() -> list[str]:
    """A line each, and Python's."""
    found = {name: version(name) or "absent" for name in _REPORTED}
    found["Python"] = platform.python_version()
    return [f"{name:12}{text}" for name, text in found.items()]


def version(name: str) -> str:
    """Of a package, which is not imported; "" where it is absent."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        return ""
    source = ast.parse(Path(spec.origin).read_text(encoding="utf-8"))
    for node in source.body:  # a bare copy of the source, as on PYTHONPATH
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__version__":
            return f"{ast.literal_eval(node.value)} (of {Path(spec.origin).parent})"
    return "of unknown version"


def parser() -> argparse.ArgumentParser:
    """All commands as one parser, for the completion of shells."""
    whole = argparse.ArgumentParser(prog="resdet", add_help=False)
    for option, told in (("--help", "list the commands"), ("--version", "of the parts")):
        whole.add_argument(option, action="store_true", help=told)
    commands: Any = whole.add_subparsers(dest="command")
    for name, path in tools().items():
        made = tool(name).arguments()
        command = commands.add_parser(name, help=summary(path), add_help=False, parents=[made])
        command.description = made.description
    return whole
