"""`resdet eval-loc` as a file."""

from backbones.terminal.parser import run
from resdet.commands.eval_loc import main

if __name__ == "__main__":
    run(main)
