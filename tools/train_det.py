"""`resdet train-det` as a file."""

from backbones.terminal.parser import run
from resdet.commands.train_det import main

if __name__ == "__main__":
    run(main)
