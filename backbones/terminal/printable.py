"""Text of strangers on a terminal: file names and class names may hold what a terminal obeys."""

from __future__ import annotations

import logging


def printable(text: str) -> str:
    """One line: what a terminal would obey, a line's end too, is shown by its number."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


def printable_lines(text: str) -> str:
    """Several lines, each as `printable` shows it."""
    return "\n".join(map(printable, text.split("\n")))


class PrintableFormatter(logging.Formatter):
    """Messages of a log, each line printable."""

    def format(self, record: logging.LogRecord) -> str:
        """The message alone, as logging shows a warning that nobody handles."""
        return printable_lines(super().format(record))
