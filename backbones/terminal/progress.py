"""Bars for whatever takes long: one look, on a terminal only, in the first process only.

All bars of a process stand in one display on stderr, one below the other: an evaluation within a
training is a line of its own. Where stderr is no terminal nothing is written.
"""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Item = TypeVar("Item")
Report = Callable[[int, int], None]  # done, of how many
_UPDATES = 0.1  # seconds between two: counting must not cost what is counted


def watched() -> bool:
    """Whether somebody sees a bar of this process: a terminal, and not the rank of another."""
    terminal = sys.stderr is not None and sys.stderr.isatty()
    return terminal and os.environ.get("TERM") != "dumb" and os.environ.get("RANK", "0") == "0"


class Bar:
    """One line of the display; where nobody watches, nothing.

    `total` None: it is not known how long it takes. `kept`: the line stays when it has ended.
    """

    def __init__(self, what: str, total: int | None = None, *, kept: bool = False) -> None:
        self._done, self._total, self._kept = 0, total, kept
        self._updated = 0.0
        self._display: Progress | None = None
        if watched():
            self._display, self._task = _enter(what, total)

    def __enter__(self) -> Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """Take the line away, or leave it as it is."""
        if self._display is not None:
            self._display.update(self._task, completed=self._done)
            _leave(self._display, self._task, self._kept)
            self._display = None

    def advance(self, count: int = 1) -> None:
        """So many more are done."""
        self._done += count
        if self._display is not None and time.monotonic() - self._updated > _UPDATES:
            self._updated = time.monotonic()
            self._display.update(self._task, completed=self._done)

    def at(self, done: int, total: int) -> None:
        """`done` of `total`: what functions with a `progress` argument call."""
        if self._display is not None and total != self._total:
            self._display.update(self._task, total=total)
        self._total = total
        self.advance(done - self._done)

    def say(self, text: str, seconds_left: float | None = None) -> None:
        """Words behind the bar, or below where they are many; the time left, if known better."""
        if self._display is not None:
            left = {} if seconds_left is None else {"left": seconds_left}
            self._display.update(self._task, text=text, **left)  # type: ignore[arg-type]


def tracked(items: Iterable[Item], what: str, total: int | None = None) -> Iterator[Item]:
    """The same items, a bar while they last; `total` where they have no length."""
    if not watched():  # a million items cost nothing more
        yield from items
        return
    if total is None and isinstance(items, Sized):
        total = len(items)
    with Bar(what, total) as bar:
        for item in items:
            yield item
            bar.advance()


@contextlib.contextmanager
def reporting(what: str) -> Iterator[Report]:
    """A function to give to whoever reports (done, of how many)."""
    with Bar(what) as bar:
        yield bar.at


_lock = threading.RLock()
_shared: Progress | None = None  # while there is a bar


def _enter(what: str, total: int | None) -> tuple[Progress, TaskID]:
    global _shared
    with _lock:
        if _shared is None:
            _shared = _make_display()
            _shared.start()
        return _shared, _shared.add_task(what, total=total, text="", left=None)


def _leave(display: Progress, task: TaskID, kept: bool) -> None:
    global _shared
    with _lock:
        if kept:
            display.stop_task(task)
        else:
            display.remove_task(task)
        if all(one.stop_time is not None for one in display.tasks):
            display.live.transient = not display.tasks  # no empty line for what is gone
            display.stop()
            _shared = None


@atexit.register
def _end() -> None:
    """Give the terminal its cursor back where an error left a bar behind."""
    if _shared is not None:
        _shared.stop()


def _make_display() -> Progress:
    from rich.console import Console, RenderableType
    from rich.progress import BarColumn, Progress, ProgressColumn, Task, TextColumn
    from rich.table import Column
    from rich.text import Text

    class Count(ProgressColumn):
        def render(self, task: Task) -> Text:
            done = f"{task.completed:.0f}"
            return Text(done if task.total is None else f"{done}/{task.total:.0f}", "cyan")

    class Left(ProgressColumn):
        max_refresh = 0.5

        def render(self, task: Task) -> Text:
            if task.finished or task.stop_time is not None or task.total is None:
                return Text(clock(task.elapsed or 0.0), "dim")
            left = task.fields["left"]
            left = task.time_remaining if left is None else left
            return Text("" if left is None else f"{clock(left)} left")

    class Words(ProgressColumn):
        def render(self, task: Task) -> Text:
            speed = f"{task.speed:.1f}/s" if task.speed and task.speed >= 0.05 else ""
            text = "" if is_long(task) else task.fields["text"] or speed
            return one_line(text)

    class Display(Progress):
        def get_renderables(self) -> Iterable[RenderableType]:
            yield from super().get_renderables()
            yield from (one_line(t.fields["text"]) for t in self.tasks if is_long(t))

    def one_line(text: str) -> Text:
        return Text(text, "dim", no_wrap=True, overflow="ellipsis")

    def is_long(task: Task) -> bool:
        return len(task.fields["text"]) > console.width // 3

    def right() -> Column:
        return Column(justify="right", no_wrap=True)

    name = Column(no_wrap=True, overflow="ellipsis", max_width=40)
    console = Console(file=sys.stderr, soft_wrap=True, highlight=False, markup=False)
    return Display(
        TextColumn("{task.description}", markup=False, table_column=name),
        BarColumn(20),
        Count(right()),
        Left(right()),
        Words(Column(no_wrap=True, overflow="ellipsis", ratio=1)),
        console=console,
        refresh_per_second=5,
        redirect_stdout=sys.stdout.isatty(),  # its lines go above the bars; a file keeps its own
        expand=True,
    )


def clock(seconds: float) -> str:
    """75 -> "1:15", 3700 -> "1:01:40"."""
    minutes, seconds = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{seconds:02d}" if hours else f"{minutes}:{seconds:02d}"


def _forget() -> None:
    """A forked worker has neither the thread that draws nor a lock that anybody lets go."""
    global _lock, _shared
    if _shared is not None:
        _lock, _shared = threading.RLock(), None
        sys.stdout, sys.stderr = sys.__stdout__, sys.__stderr__


os.register_at_fork(after_in_child=_forget)
