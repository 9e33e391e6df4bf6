"""How many threads of torch compute, and how they wait for one another."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from typing import TypeVar

WAITING, SPINNING = "OMP_WAIT_POLICY", "GOMP_SPINCOUNT"
_SPINS = "3000"  # by trial: a network's next step is about as long away

Value = TypeVar("Value")
_setting = threading.Lock()


def sleep_while_waiting() -> None:
    """Let OpenMP's threads soon sleep until there is work, where the user has said nothing else.

    By default they spin on: where other work runs on the same cores, most of their time is waste.
    To be asked for before torch is imported, and by the process's owner alone.
    """
    if WAITING not in os.environ:
        os.environ[WAITING] = "passive"
        os.environ.setdefault(SPINNING, _SPINS)


def compute_with(number: int) -> None:
    """Let torch compute with `number` threads where this thread asks it to.

    Torch would give as many to every thread to come as it gave to the last that asked; these get
    what they got before.
    """
    import torch

    with _setting:
        if torch.get_num_threads() == number:  # the first look of a thread is what fixes its own
            return
        to_come = _by_another(torch.get_num_threads)
        torch.set_num_threads(number)
        _by_another(lambda: torch.set_num_threads(to_come))


def shared_out(among: int) -> Callable[[], None]:
    """What each of `among` threads is to do first, to compute with its share of this one's.

    While one does, a thread that asks torch for the first time gets that share as well.
    """
    import torch

    return partial(compute_with, max(1, torch.get_num_threads() // among))


def _by_another(call: Callable[[], Value]) -> Value:
    """The answer of a thread that has not asked torch yet."""
    told: list[Value] = []
    thread = threading.Thread(target=lambda: told.append(call()))
    thread.start()
    thread.join()
    return told[0]
