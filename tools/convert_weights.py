"""`resdet convert-weights` as a file."""

from backbones.terminal.parser import run
from resdet.commands.convert_weights import main

if __name__ == "__main__":
    run(main)
