"""What every command-line tool shares: a user's mistake is one line, never a traceback."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence

from backbones.elastic import report_fault
from backbones.exits import INTERRUPTED, USER_ERROR, Stopped
from backbones.printable import PrintableFormatter, printable_lines


def run(main: Callable[[Sequence[str]], int | None]) -> None:
    """Call `main(sys.argv[1:])` and exit with its code; see `backbones.exits` for the others.

    An error without text is one that another process tells.
    """
    if logging.lastResort is not None:  # what warnings of readers go through
        logging.lastResort.setFormatter(PrintableFormatter())
    try:
        code = main(sys.argv[1:]) or 0
    except (ValueError, OSError) as error:  # ConfigError is a ValueError
        _tell(f"error: {error}" if str(error) else "")
        code = getattr(error, "exit_code", USER_ERROR)
    except Stopped as stop:
        _tell(str(stop))
        code = stop.exit_code
    except KeyboardInterrupt:
        _tell("interrupted")
        code = INTERRUPTED
    sys.exit(code)


def _tell(text: str) -> None:
    if text:
        print(printable_lines(text), file=sys.stderr)
        report_fault(text)
