"""How long is waited for others, and what is said meanwhile."""

from __future__ import annotations

import contextlib
import math
import os
import threading
import time
from collections.abc import Iterator

TIMEOUT_VARIABLE = "RESDET_TIMEOUT"
TIMEOUT = 600.0  # Unit: seconds
FIRST_WORD = 5.0  # seconds of silence before the first remark; each later one waits twice as long


def patience() -> float:
    """Seconds after which a process or a worker that does not come is given up.

    Raises: ValueError if RESDET_TIMEOUT is no such number.
    """
    text = os.environ.get(TIMEOUT_VARIABLE) or str(TIMEOUT)
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 1 <= seconds < 1e8:
        raise ValueError(
            f"{TIMEOUT_VARIABLE} must be a number of seconds from 1 to 100000000, got {text!r}"
        )
    return seconds


def say(text: str) -> None:
    """One line on stdout at once; in a process other than the first with its rank before it."""
    rank = os.environ.get("RANK", "0")
    print(text if rank == "0" else f"rank {rank}: {text}", flush=True)


@contextlib.contextmanager
def waiting(what: str, first_word: float = FIRST_WORD) -> Iterator[None]:
    """Say `what` and for how long, where the block takes longer than `first_word` seconds."""
    done = threading.Event()
    started = time.monotonic()

    def tell() -> None:
        pause = first_word
        while not done.wait(pause):
            pause = time.monotonic() - started
            say(f"{what}: {pause:.0f} s so far")

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    try:
        yield
    finally:
        done.set()
        teller.join()
