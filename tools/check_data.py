"""`resdet check-data` as a file."""

from backbones.terminal.parser import run
from resdet.commands.check_data import main

if __name__ == "__main__":
    run(main)
