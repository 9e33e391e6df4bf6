"""`python -m resdet` is the command `resdet`; torchrun starts it so."""

from resdet.commands.entry import entry

if __name__ == "__main__":
    entry()
