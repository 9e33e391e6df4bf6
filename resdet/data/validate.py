"""What is wrong with a dataset, told at once: errors that list, warnings that name."""

from __future__ import annotations

import contextlib
import logging
import math
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from backbones.terminal.wording import count

logger = logging.getLogger("resdet.data")

_MOST_PIXELS = 2.0**31
_NAMED = 3
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
OF_ONE_NAME = "images with the name of another but for the suffix"
SHOWN = 10  # faults named one by one; the rest is counted


class Ways(NamedTuple):
    """What to do where annotations and images do not go together: by names, by folders."""

    names: str
    folders: str


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
            many = count(len(self.found), "fault")
            raise ValueError(f"{self.subject} has {many}:\n{listing(self.found)}")


def check_names(names: Sequence[str], what: str, faults: Faults) -> None:
    """Two classes of one name could not be told apart in any result, a terminal obeys ESC, and half
    a character cannot be written.
    """
    for kind, expected in (("Cc", "without control characters"), ("Cs", "of whole characters")):
        wrong = [name for name in names if any(unicodedata.category(c) == kind for c in name)]
        if wrong:
            told = ", ".join(map(ascii, wrong[:SHOWN]))
            faults.add(f"{what} must be {expected}, got {told:.400}; rename them")
    repeated = [repr(name) for name, times in Counter(names).items() if times > 1]
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


def apart(what: str, files: Sequence[Path], images: Sequence[Path], root: Path, ways: Ways) -> str:
    """Both sides of annotations that are of none of the images, with a way out; "" without any."""
    if not files:
        return ""
    if not images:
        return f"{len(files)} {what}, no images; put the images beside them"
    by_stem = {image.stem: image for image in images}
    alike = [file for file in files if file.stem in by_stem]
    if not alike:
        both = f"{len(files)} {what}, {count(len(images), 'image')}"
        return f"{both}, no names match: {files[0].name}, {images[0].name}; {ways.names}"
    inside = {file: file.relative_to(root) for file in [*alike, *by_stem.values()]}
    several = {s: n for s, n in Counter(file.stem for file in alike).items() if n > 1}
    if several:
        stem = next(iter(several))
        shown = ", ".join(str(inside[file]) for file in alike if file.stem == stem)
        many = f" ({count(len(several), 'image')} so)"
        return (
            f"several {what} for {by_stem[stem].name}: {shown}{many}; move all but one folder out"
        )
    image = inside[by_stem[alike[0].stem]]
    return (
        f"{len(files)} {what} in {inside[alike[0]].parent}/, {count(len(images), 'image')} in "
        f"{image.parent}/: names match, folders do not; {ways.folders}"
    )


def is_pixels(value: float) -> bool:
    """Whether an image can have such a coordinate or side: no NaN, no infinity, no 1e300."""
    return abs(value) < _MOST_PIXELS


def size_in_pixels(height: float, width: float) -> tuple[int, int] | None:
    """(height, width); None of what no image can have."""
    sound = is_pixels(height) and is_pixels(width) and min(height, width) >= 1
    return (int(height), int(width)) if sound else None


def number_of(text: str | None) -> float:
    """NaN of what is none; 1_0, which Python reads as 10, is none."""
    try:
        return math.nan if text is None or "_" in text else float(text)
    except ValueError:
        return math.nan


def read_text(path: Path) -> str:
    """The text of a UTF-8 file, with or without a mark of that at its head.

    Raises: ValueError naming the file, and the line where it is not UTF-8.
    """
    try:
        content = path.read_bytes()
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        told = "UTF-16" if content[:2] in _UTF_16 else f"byte {content[error.start]:#x}"
        raise ValueError(
            f"{path} must be UTF-8 text, got {told} in line {line}; save it as UTF-8"
        ) from None
    except OSError as error:
        raise ValueError(
            f"{path} must be a readable file, got {error.strerror}; mend that"
        ) from None


def text_lines(path: Path) -> list[str]:
    """The lines of a UTF-8 file, stripped, without the empty ones.

    Raises: ValueError as `read_text`.
    """
    return [line.strip() for line in read_text(path).splitlines() if line.strip()]


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
