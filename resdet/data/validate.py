"""What is wrong with a dataset, told at once: errors that list, warnings that name."""

from __future__ import annotations

import contextlib
import logging
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

logger = logging.getLogger("resdet.data")

_MOST_PIXELS = 2.0**31
_NAMED = 3
SHOWN = 10  # faults named one by one; the rest is counted


class Faults:
    """Gathers the faults of one dataset and raises them together."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.found: list[str] = []

    def add(self, fault: str) -> None:
        """One line: file, what must be, what is, what to do."""
        self.found.append(fault)

    def raise_any(self) -> None:
        """Raises: ValueError naming the first ten faults and the count of all, if there is one."""
        if self.found:
            count = f"{len(self.found)} fault{'s' if len(self.found) > 1 else ''}"
            raise ValueError(f"{self.subject} has {count}:\n{listing(self.found)}")


def check_names(names: Sequence[str], what: str, faults: Faults) -> None:
    """Two classes of one name could not be told apart in any result, and a terminal obeys ESC."""
    commands = [name for name in names if any(unicodedata.category(c) == "Cc" for c in name)]
    if commands:
        told = ", ".join(map(ascii, commands[:SHOWN]))
        faults.add(f"{what} must be without control characters, got {told:.400}; rename them")
    repeated = [repr(name) for name, count in Counter(names).items() if count > 1]
    if repeated:
        faults.add(f"{what} must differ, got {', '.join(repeated)} more than once; rename one")


def listing(lines: Sequence[str]) -> str:
    """The first ten lines, indented, and how many more there are."""
    shown = [f"  {line}" for line in lines[:SHOWN]]
    if len(lines) > SHOWN:
        shown.append(f"  ... and {len(lines) - SHOWN} more")
    return "\n".join(shown)


def left_out(files: Sequence[Path], what: str) -> list[str]:
    """One line that counts files and names some, or none."""
    return [f"left out: {what}: {counted(files)}"] if files else []


def counted(files: Sequence[Path]) -> str:
    """How many they are, and the names of some."""
    names = ", ".join(file.name for file in files[:_NAMED])
    return f"{len(files)}: {names}" + ", ..." * (len(files) > _NAMED)


def apart(what: str, files: Sequence[Path], images: Sequence[Path]) -> str:
    """Both sides of annotations that are of none of the images, or "" without annotations."""
    if not files:
        return ""
    if not images:
        return f"{len(files)} {what}, no images"
    both = f"{len(files)} {what}, {len(images)} images"
    by_stem = {image.stem: image for image in images}
    for file in files:
        if file.stem in by_stem:
            places = f"{file}, {by_stem[file.stem]}"
            return f"{both}, names match but in folders that do not go together: {places}"
    return f"{both}, no names match: {files[0].name}, {images[0].name}"


def is_pixels(value: float) -> bool:
    """Whether an image can have such a coordinate or side: no NaN, no infinity, no 1e300."""
    return abs(value) < _MOST_PIXELS


def text_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file, stripped, without the empty ones.

    Raises: ValueError naming the file where it is not UTF-8.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} must be UTF-8 text, got {error}; save it as UTF-8") from None
    return [line.strip() for line in lines if line.strip()]


@contextlib.contextmanager
def unheard() -> Iterator[None]:
    """Keeps what readers warn of from the log: a report tells it better."""
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def warn_thin(subject: str, boxes: Sequence[str]) -> None:
    """Names the boxes that take no part in training because a side is at most one pixel."""
    if boxes:
        logger.warning(
            "%s: boxes with a side of at most 1 pixel: %d; training leaves them out, "
            "evaluation counts them:\n%s",
            subject,
            len(boxes),
            listing(boxes),
        )
