"""Print the script by which a shell completes commands, options, configs and paths.

examples:
  eval "$(resdet completion bash)"                  (in ~/.bashrc)
  eval "$(resdet completion zsh)"                   (in ~/.zshrc, after compinit)
  resdet completion fish > ~/.config/fish/completions/resdet.fish

It knows the commands and configs of this installation: print it anew after an update.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path

from backbones.files import shipped
from backbones.terminal.parser import Parser

SHELLS = ("bash", "zsh", "fish")
METRICS = ("11point", "area", "both")  # here too: resdet.evaluation is no light import


def arguments() -> argparse.ArgumentParser:
    """The options of the command."""
    parser = Parser(__doc__)
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    return parser


def main(argv: Sequence[str]) -> None:
    """Print the script of one shell."""
    print(script(arguments().parse_args(argv).shell))


def script(shell: str) -> str:
    """What `shell` evaluates, for bash, zsh or fish."""
    import shtab

    from resdet.commands.entry import parser

    whole = parser()
    for words, action in _options(whole, ()):
        if "--config" in action.option_strings:
            kind = "backbones" if {"train-backbone", "benchmark"} & set(words) else "detection"
            action.complete = _configs(kind)  # type: ignore[attr-defined]
        elif "--metric" in action.option_strings:
            action.choices = METRICS
        elif action.type is Path or action.metavar in ("FILE", "INPUT", "CHECKPOINT"):
            kind = "directory" if action.metavar == "DIR" else "file"
            action.complete = _paths(kind)  # type: ignore[attr-defined]
    return str(shtab.complete(whole, shell=shell))


def _options(
    whole: argparse.ArgumentParser, words: tuple[str, ...]
) -> Iterator[tuple[tuple[str, ...], argparse.Action]]:
    """Every option and argument, with the commands it belongs to."""
    for action in whole._actions:
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                yield from _options(command, (*words, name))
        else:
            yield words, action


def _paths(kind: str) -> dict[str, object]:
    """What shtab does for a "file" or "directory"; its bash breaks a name at a space."""
    import shtab

    function = f"_resdet_{kind}"
    body = f'{function}() {{ compgen -A {kind} -- "$1"; }}'
    return {**shtab.CHOICE_FUNCTIONS[kind], "bash": function, "preamble": {"bash": body}}


def _configs(kind: str) -> dict[str, object]:
    """The shipped configs by bare name, and the files of the user."""
    folder = shipped.folder("configs") / kind
    names = sorted(path.stem for path in folder.glob("*.yaml") if not path.stem.startswith("base_"))
    listed, function = " ".join(names), f"_resdet_{kind}_or_file"
    return {
        "bash": function,
        "zsh": function,
        "fish": f"({function})",
        "preamble": {
            "bash": f'{function}() {{ compgen -W "{listed}" -- "$1"; compgen -f -- "$1"; }}',
            "zsh": f"{function}() {{ compadd {listed}; _files; }}",
            "fish": f"function {function}; printf '%s\\n' {listed}; "
            "__fish_complete_path (commandline -ct); end",
        },
    }
