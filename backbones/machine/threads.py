"""How the threads of torch wait for one another."""

from __future__ import annotations

import os

WAITING = "OMP_WAIT_POLICY"


def sleep_while_waiting() -> None:
    """Let OpenMP's threads sleep until there is work, where the user has said nothing else.

    By default they spin: where other work runs on the same cores, most of their time is waste.
    To be asked for before torch is imported, and by the process's owner alone.
    """
    os.environ.setdefault(WAITING, "passive")
