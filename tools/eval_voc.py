"""`resdet eval-voc` as a file."""

from backbones.terminal.parser import run
from resdet.commands.eval_voc import main

if __name__ == "__main__":
    run(main)
