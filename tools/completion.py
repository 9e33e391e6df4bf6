"""Print the script by which a shell completes commands, options, configs and paths.

examples:
  eval "$(resdet completion bash)"                  (in ~/.bashrc)
  eval "$(resdet completion zsh)"                   (in ~/.zshrc, after compinit)
  resdet completion fish > ~/.config/fish/completions/resdet.fish

It knows the commands and configs of this installation: print it anew after an update.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence

SHELLS = ("bash", "zsh", "fish")


def arguments() -> argparse.ArgumentParser:
    from backbones.cli import Parser

    parser = Parser(__doc__)
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=", ".join(SHELLS))
    return parser


def main(argv: Sequence[str]) -> None:
    args = arguments().parse_args(argv)

    from resdet.completion import script

    print(script(args.shell))


if __name__ == "__main__":
    from backbones.cli import run

    run(main)
