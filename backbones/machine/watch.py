"""A watch over the processes of a group: who gives no sign any more, and where each one stands.

A collective operation tells that somebody did not come, not who. So a thread of each process
writes into the group's store, which torchrun or the first process keeps, a count that grows and
the lines that its main thread is at. A stopped process writes no more; a stuck one still does.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from torch.distributed import Store  # type: ignore[attr-defined]

from backbones.terminal.patience import TIMEOUT_VARIABLE

Answer = TypeVar("Answer")
_LINES = 6  # of a stack: the innermost
_LEFT = "left"
_GIVEN_UP = 2  # exit code, that of every fault which is one line


class StoreSilentError(RuntimeError):
    """The group's store does not answer: whoever keeps it is stopped, or cannot be reached."""


class Watch:
    """Signs of life of this process, and an eye on those of others, until `end`.

    The first process watches all others, they watch the first. One that is silent for `limit`
    seconds is told, and this process ended: what waits for it in a library cannot be woken.
    """

    def __init__(self, store: Store, rank: int, world_size: int, limit: float) -> None:
        self._store, self._rank, self._world_size, self._limit = store, rank, world_size, limit
        self.pause = min(5.0, limit / 5)  # Unit: seconds, between two signs
        self._main = threading.main_thread().ident
        self._over = threading.Event()
        self._signs = 0
        self._sign()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """This process leaves in peace; nobody waits for its signs any more."""
        self._over.set()
        self._thread.join(self.pause)
        with contextlib.suppress(RuntimeError):  # the store is gone, and all who would read
            self._within(self.pause, lambda: self._store.set(str(self._rank), _LEFT))

    def stacks(self, own: Sequence[str] = ()) -> str:
        """Where every process was when it last gave a sign; this one now, or in `own` lines."""
        told = [f"rank {self._rank} is at\n{_innermost(own or self._lines())}"]
        with contextlib.suppress(RuntimeError):
            for rank, sign in self._within(self.pause, lambda: self._read(self._others())).items():
                if sign not in ("", _LEFT):
                    told.append(f"rank {rank} is at\n{json.loads(sign)['stack']}")
        return "\n".join(told)

    def silent(self) -> list[int]:
        """The ranks that give no sign within a time in which three are due."""
        try:
            before = self._within(self.pause, lambda: self._read(self._others()))
            time.sleep(3 * self.pause)
            after = self._within(self.pause, lambda: self._read(self._others()))
        except StoreSilentError:
            return [0]  # it keeps the store, where torchrun does not
        except RuntimeError:
            return []
        return [rank for rank in before if before[rank] == after[rank] != _LEFT]

    def _run(self) -> None:
        watched = range(1, self._world_size) if self._rank == 0 else (0,)
        heard = dict.fromkeys(watched, ("", time.monotonic()))
        while not self._over.wait(self.pause):
            try:
                signs = self._within(self._limit, lambda: self._exchange(watched))
            except StoreSilentError:
                self._give_up([0])
                return
            except RuntimeError:  # the store is gone: whoever kept it has ended
                return
            now = time.monotonic()
            for rank, sign in signs.items():
                if sign != heard[rank][0] or sign == _LEFT:
                    heard[rank] = sign, now
            lost = [rank for rank in watched if now - heard[rank][1] > self._limit]
            if lost:
                self._give_up(lost)

    def _give_up(self, lost: list[int]) -> None:
        if self._over.is_set():
            return
        sys.stdout.flush()
        text = f"{self.stacks()}\nerror: {no_sign(lost, self._world_size, self._limit)}\n"
        os.write(2, text.encode())
        os._exit(_GIVEN_UP)

    def _exchange(self, watched: Iterable[int]) -> dict[int, str]:
        self._sign()
        return self._read(watched)

    def _sign(self) -> None:
        self._signs += 1
        sign = {"sign": self._signs, "stack": _innermost(self._lines())}
        self._store.set(str(self._rank), json.dumps(sign))

    def _read(self, ranks: Iterable[int]) -> dict[int, str]:
        """The last sign of each process, "" where there is none: to `get` that would wait."""
        keys = {rank: str(rank) for rank in ranks}
        there = {rank for rank, key in keys.items() if self._store.check([key])}
        return {r: self._store.get(key).decode() if r in there else "" for r, key in keys.items()}

    def _others(self) -> list[int]:
        return [rank for rank in range(self._world_size) if rank != self._rank]

    def _lines(self) -> Sequence[str]:
        return traceback.format_stack(sys._current_frames().get(self._main or 0))

    def _within(self, seconds: float, act: Callable[[], Answer]) -> Answer:
        """What `act` returns. Raises: StoreSilentError if it takes longer; its own RuntimeError."""
        found: list[Answer] = []
        faults: list[RuntimeError] = []

        def call() -> None:
            try:
                found.append(act())
            except RuntimeError as fault:
                faults.append(fault)

        thread = threading.Thread(target=call, daemon=True)  # a read of the store has no timeout
        thread.start()
        thread.join(seconds)
        if thread.is_alive():
            raise StoreSilentError
        if faults:
            raise faults[0]
        return found[0]


def _innermost(lines: Sequence[str]) -> str:
    return "".join(lines[-_LINES:])


def no_sign(lost: Iterable[int], world_size: int, seconds: float) -> str:
    """That processes did not come, and how to go on."""
    ranks = ", ".join(map(str, lost))
    return (
        f"rank {ranks} of {world_size} processes gave no sign for {seconds:.0f} s: stopped, or its "
        f"machine is gone; see to it and go on with --resume ({TIMEOUT_VARIABLE} sets the seconds)"
    )
