"""`resdet make-shapes` as a file."""

from backbones.terminal.parser import run
from resdet.commands.make_shapes import main

if __name__ == "__main__":
    run(main)
