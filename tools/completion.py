"""`resdet completion` as a file."""

from backbones.terminal.parser import run
from resdet.commands.completion import main

if __name__ == "__main__":
    run(main)
