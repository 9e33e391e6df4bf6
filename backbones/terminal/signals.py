"""Signals that end a tool, in order."""

from __future__ import annotations

import os
import signal
import sys
from typing import Any

from backbones.terminal.exits import Stopped, name_of

ENDING = (signal.SIGTERM, signal.SIGHUP)
_AGAIN = 0.01  # Unit: seconds


def stop_by_signals() -> None:
    """SIGTERM and SIGHUP end the tool as Ctrl-C does, so that nothing half written stays.

    Processes forked from it end at once; training has its own way.
    """
    process = os.getpid()

    def stop(number: int, frame: Any) -> None:
        if os.getpid() != process:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
        for again in ENDING:  # what is cleaned up now is cleaned up to its end
            signal.signal(again, signal.SIG_IGN)
        raise Stopped(number, f"{name_of(number)}: stopped")

    for number in ENDING:
        if signal.getsignal(number) is signal.SIG_DFL:  # nohup ignores
            signal.signal(number, stop)
    sys.unraisablehook = _raise_again


def _raise_again(met: sys.UnraisableHookArgs) -> None:
    """A signal that met a destructor, out of which Python raises nothing, comes a moment later."""
    end = met.exc_value
    if not isinstance(end, (Stopped, KeyboardInterrupt)):
        sys.__unraisablehook__(met)
        return

    def stop(number: int, frame: Any) -> None:
        raise end

    signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, _AGAIN)
