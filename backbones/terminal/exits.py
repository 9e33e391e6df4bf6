"""What the exit code of a tool says, besides 0."""

from __future__ import annotations

import signal

USER_ERROR = 2  # a wrong argument, config, file or disk: one line says which
NOT_FINITE = 3  # training met a loss, a gradient or weights that are not finite
INTERRUPTED = 130  # SIGINT
UNREAD = 141  # SIGPIPE: nobody reads on, as in `| head -1`
TERMINATED = 143  # SIGTERM


class Stopped(BaseException):
    """A signal asked the run to end; as KeyboardInterrupt, nothing may catch it by the way."""

    def __init__(self, number: int, text: str) -> None:
        super().__init__(text)
        self.exit_code = 128 + number


def name_of(number: int) -> str:
    """SIGTERM, SIGINT, ..."""
    return signal.Signals(number).name
