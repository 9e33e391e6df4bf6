"""SIGTERM and SIGINT end a run after a checkpoint; a second signal ends it at once."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any

from backbones.machine import distributed
from backbones.terminal.exits import Stopped, name_of
from backbones.weights.checkpoint import last

SIGNALS = (signal.SIGTERM, signal.SIGINT)
PATIENCE = 25.0  # seconds from the signal to the exit, whatever hangs
ECHO = 1.0  # seconds in which a signal is the same one: torchrun hands on what a terminal sent all
_entered: list[Stopping] = []


class Stopping:
    """While entered, a signal ends the run in `directory`: at once, or where it is `deferred`.

    There it is only noted in `signal`, for the loop to end with its iteration. What does not end
    within PATIENCE is ended; so is everything by a second signal, even amid a computation. `when`
    is how far the run has come, as the last words of "stopped".
    Outside of the main thread, which alone gets signals, nothing happens.
    """

    def __init__(self, directory: Path) -> None:
        self.signal = 0
        self.when = ""
        self._directory = directory
        self._deferred = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stopping:
        if threading.current_thread() is threading.main_thread():
            self._reader, self._writer = socket.socketpair()
            self._writer.setblocking(False)
            self._wakeup = signal.set_wakeup_fd(self._writer.fileno(), warn_on_full_buffer=False)
            self._before = {number: signal.signal(number, self._note) for number in SIGNALS}
            threading.Thread(target=self._watch, daemon=True).start()
            _entered.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before:
            for number, handler in self._before.items():
                signal.signal(number, handler)
            signal.set_wakeup_fd(self._wakeup)
            self._writer.shutdown(socket.SHUT_RDWR)  # which ends the thread
            self._writer.close()
            _entered.remove(self)

    @contextlib.contextmanager
    def deferred(self, deferred: bool = True) -> Iterator[None]:
        """Note signals, do not act on them; or, within such a part, act on them again."""
        before, self._deferred = self._deferred, deferred
        if self.signal and not deferred:
            raise self.stopped(self.signal)
        try:
            yield
        finally:
            self._deferred = before
        if self.signal and not before:
            raise self.stopped(self.signal)

    def stopped(self, number: int) -> Stopped:
        """What to raise, with the line that says how to go on; silent but in the main process."""
        self.signal = number
        text = f"{name_of(number)}: stopped{self.when}; {self._way_on()}"
        return Stopped(number, text if distributed.is_main() else "")

    def _way_on(self) -> str:
        newest = last(self._directory)
        if newest is None:
            return "nothing was saved yet"
        return f"{newest} is saved: --resume goes on from there, reproduce without it"

    def _note(self, number: int, frame: FrameType | None) -> None:
        if self.signal:
            return
        self.signal = number
        if not self._deferred:
            raise self.stopped(self.signal)
        if distributed.is_main():
            told = f"{name_of(number)}: this iteration, then a checkpoint; again: end at once\n"
            os.write(2, told.encode())

    def _watch(self) -> None:
        """Run beside the main thread, which may be amid a long computation."""
        with self._reader as reader:
            number, first = 0, time.monotonic()
            while True:
                left = max(0.0, first + PATIENCE - time.monotonic()) if number else None
                if not select.select([reader], [], [], left)[0]:
                    self._end(number, f": not done after {PATIENCE:.0f} s")
                received = int.from_bytes(reader.recv(1), "little")
                if not received:
                    return
                if received in SIGNALS and not number:
                    number, first = received, time.monotonic()
                elif received in SIGNALS and time.monotonic() - first > ECHO:
                    self._end(number, " at once")

    def _end(self, number: int, how: str) -> None:
        if distributed.is_main():
            os.write(2, f"{name_of(number)}: ended{how}; {self._way_on()}\n".encode())
        os._exit(128 + number)


def _forget() -> None:
    """A process that was forked, to read data, ends by SIGTERM alone: its parent sends it."""
    if _entered:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _entered.clear()


os.register_at_fork(after_in_child=_forget)
