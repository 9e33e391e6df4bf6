"""Copies of a sound file, each broken one way, read back: what a reader made of every one.

python tests/fuzz/flipping.py --copies 1000 --json flips.json
"""

from __future__ import annotations

import argparse
import faulthandler
import json
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

SECONDS = 10  # for one copy of a file of some kilobytes, on a busy machine
LONGEST_MESSAGE = 4000
HOW = ("flip", "cut", "swap")


@dataclass(frozen=True)
class Kind:
    """One kind of file: `make` writes a sound one in a folder, `read` reads it as the tools do.

    `sealed`: the format can tell any damage (by sums, or since all of it counts), so what is read
    of a damaged file is what was written. `closed`: it can tell that its end is missing.
    """

    name: str
    make: Callable[[Path], Path]
    read: Callable[[Path], Any]
    sealed: bool = False
    closed: bool = True


@dataclass
class Tally:
    """What became of the copies of one kind."""

    refused: int = 0
    the_same: int = 0
    otherwise: int = 0
    slowest: float = 0.0
    faults: list[str] = field(default_factory=list)

    @property
    def copies(self) -> int:
        return self.refused + self.the_same + self.otherwise + len(self.faults)


class Hang(BaseException):
    """A copy was read for too long."""


def broken(data: bytes, number: int) -> tuple[str, bytes]:
    """The copy of this number, always the same: some bytes flipped, an end cut, parts swapped."""
    draw = np.random.default_rng([len(data), number])
    how = HOW[number % len(HOW)]
    copy = bytearray(data)
    if how == "cut":
        return how, data[: int(draw.integers(len(data)))]
    if how == "flip":
        for place in draw.choice(len(data), size=int(draw.integers(1, 4)), replace=False):
            copy[place] ^= 1 << int(draw.integers(8))
        return how, bytes(copy)
    size = int(draw.integers(1, max(2, min(64, len(data) // 4))))
    first = int(draw.integers(len(data) - 2 * size + 1))
    second = int(draw.integers(first + size, len(data) - size + 1))
    parts = copy[first : first + size], copy[second : second + size]
    copy[second : second + size], copy[first : first + size] = parts
    return how, bytes(copy)


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Raises: Hang. What hangs in compiled code ends the process, its stack printed."""

    def stop(*_: Any) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    faulthandler.dump_traceback_later(6 * seconds, exit=True)
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def flip(kind: Kind, folder: Path, copies: int) -> Tally:
    """Read so many broken copies of a kind; what is wrong with a reader stands in `faults`."""
    path = kind.make(folder)
    sound = path.read_bytes()
    written = kind.read(path)
    assert same(written, kind.read(path)), f"{kind.name} is not read the same twice"
    tally = Tally()
    for number in range(copies):
        how, data = broken(sound, number)
        path.write_bytes(data)
        begin = time.perf_counter()
        fault = ""
        try:
            with limited(SECONDS):
                found = kind.read(path)
            if same(written, found):
                tally.the_same += 1
            elif data == sound or not (kind.sealed or (how == "cut" and kind.closed)):
                tally.otherwise += 1
            else:
                fault = f"read as whole: {found!r:.200}"
        except (ValueError, OSError) as error:
            fault = bad_message(error)
            tally.refused += not fault
        except Hang:
            fault = f"over {SECONDS} s"
        except Exception:
            fault = traceback.format_exc(limit=-4)
        if fault:
            tally.faults.append(f"copy {number} ({how}): {fault}")
        tally.slowest = max(tally.slowest, time.perf_counter() - begin)
    path.write_bytes(sound)
    return tally


def bad_message(error: Exception) -> str:
    """What a user would not understand: a library's own words, or pages of them."""
    if isinstance(error, (UnicodeError, json.JSONDecodeError, KeyError)):
        return f"a library's own words: {traceback.format_exception(error, limit=-4)}"
    if len(str(error)) > LONGEST_MESSAGE:
        return f"a message of {len(str(error))} characters: {error!s:.300}"
    return ""


def same(a: Any, b: Any) -> bool:
    """Whether two things read are equal, arrays and what holds them included."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray) or hasattr(a, "detach"):
        return a.dtype == b.dtype and a.shape == b.shape and bool((a == b).all())
    if hasattr(a, "__dataclass_fields__"):
        return same(vars(a), vars(b))
    return bool(a == b)


def main() -> None:
    from kinds import KINDS

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--copies", type=int, default=1000)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--only", nargs="*", default=[kind.name for kind in KINDS])
    args = parser.parse_args()
    told, failed = {}, 0
    print(
        f"{'kind':32}{'copies':>8}{'refused':>9}{'same':>7}{'other':>7}{'faults':>8}{'slowest':>9}"
    )
    for kind in KINDS:
        if kind.name not in args.only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            tally = flip(kind, Path(folder), args.copies)
        told[kind.name] = vars(tally) | {"copies": tally.copies}
        failed += len(tally.faults)
        print(
            f"{kind.name:32}{tally.copies:8}{tally.refused:9}{tally.the_same:7}"
            f"{tally.otherwise:7}{len(tally.faults):8}{tally.slowest:8.2f}s",
            flush=True,
        )
        for line, count in Counter(fault.split(": ", 1)[1] for fault in tally.faults).items():
            print(f"  {count} x {line}")
    if args.json:
        args.json.write_text(json.dumps(told, indent=2))
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
