"""`resdet explain` as a file."""

from backbones.terminal.parser import run
from resdet.commands.explain import main

if __name__ == "__main__":
    run(main)
