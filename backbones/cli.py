"""What every command-line tool shares: a user's mistake is one line, never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

USER_ERROR = 2
INTERRUPTED = 130


def run(main: Callable[[Sequence[str]], int | None]) -> None:
    """Call `main(sys.argv[1:])` and exit with its code; 2 after a ValueError or OSError."""
    try:
        code = main(sys.argv[1:]) or 0
    except (ValueError, OSError) as error:  # ConfigError is a ValueError
        print(f"error: {error}", file=sys.stderr)
        code = USER_ERROR
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        code = INTERRUPTED
    sys.exit(code)
