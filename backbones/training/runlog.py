"""What a run says: log.txt, metrics.json, its boards, and one live line on the terminal."""

from __future__ import annotations

import contextlib
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TextIO

from backbones.files.atomic import cannot_write, write_bytes
from backbones.files.run_folder import LOG, METRICS
from backbones.machine import distributed
from backbones.terminal import progress
from backbones.training.boards import EVENTS, Board, MakeBoard, Picture, TensorBoard

PLAIN_LINE_SECONDS = 10.0  # between two lines where the output is no terminal


class RunLog:
    """Writes into `directory` in the main process and is silent in the others.

    A run that resumes at `start_iteration` keeps the metrics of the iterations before it.
    `boards` are made in the main process, beside TensorBoard's.
    """

    def __init__(
        self,
        directory: Path,
        title: str,
        max_iterations: int,
        start_iteration: int = 0,
        boards: Sequence[MakeBoard] = (),
    ) -> None:
        self.directory = Path(directory)
        self._on = distributed.is_main()
        self._title = title
        self._max_iterations = max_iterations
        self._start_iteration = start_iteration
        self._make_boards = boards
        self._last_plain_line = -math.inf
        self._bar: progress.Bar | None = None
        self._line = ""  # behind the bar, while iterating

    def __enter__(self) -> RunLog:
        if not self._on:
            return self
        self.directory.mkdir(parents=True, exist_ok=True)
        self._text = (self.directory / LOG).open("a", encoding="utf-8")
        self._metrics = self._open_metrics()
        self._boards: list[Board] = [TensorBoard(self.directory, self._start_iteration)]
        self._boards += [make() for make in self._make_boards]
        # lines that are read elsewhere stay lines: a pipe or a file gets no bar beside them
        if progress.watched() and sys.stdout.isatty():
            self._bar = progress.Bar(self._title, self._max_iterations, kept=True)
            self._bar.at(self._start_iteration, self._max_iterations)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._on:
            return
        if self._bar:
            self._bar.say(self._line)  # not what it was doing at last
            self._bar.end()
        fault: OSError | None = None
        ends: list[Callable[[], None]] = [
            partial(board.close, failed=error is not None) for board in self._boards
        ]
        for close in (*ends, self._metrics.close, self._text.close):
            try:
                close()
            except OSError as closing:  # what waited to be written found no room
                fault = closing
        if fault is not None and error is None:
            raise cannot_write(self.directory / METRICS, fault) from fault

    @contextlib.contextmanager
    def _writing(self, name: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise cannot_write(self.directory / name, error) from error

    def _open_metrics(self) -> TextIO:
        path = self.directory / METRICS
        kept: list[str] = []
        if self._start_iteration and path.is_file():
            lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
            kept = [x for x in lines if _iteration_of(x) < self._start_iteration]
        # whole: who is killed now keeps the metrics that there were
        write_bytes(path, "".join(f"{line}\n" for line in kept).encode())
        return path.open("a", encoding="utf-8")

    def info(self, text: str) -> None:
        """One line for the reader, on the terminal and in log.txt."""
        if not self._on:
            return
        print(text, flush=True)
        self._note(text)

    def _note(self, text: str) -> None:
        with self._writing(LOG):
            self._text.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
            self._text.flush()

    def scalars(self, iteration: int, values: Mapping[str, float]) -> None:
        """Numbers of one iteration: a line of metrics.json and a point on each curve."""
        if not self._on or not values:
            return
        finite = {k: v for k, v in values.items() if math.isfinite(v)}
        with self._writing(METRICS):
            self._metrics.write(json.dumps({"iteration": iteration, **finite}) + "\n")
            self._metrics.flush()
        with self._writing(EVENTS):
            for board in self._boards:
                board.scalars(iteration, finite)

    def picture(self, iteration: int, name: str, picture: Picture) -> None:
        """A picture of one iteration, for the boards: (H, W, 3) RGB."""
        if not self._on:
            return
        with self._writing(EVENTS):
            for board in self._boards:
                board.picture(iteration, name, picture)

    def moved(self, iterations_done: int) -> None:
        """Move the bar, where there is one."""
        if self._bar:
            self._bar.say(self._line)
            self._bar.at(iterations_done, self._max_iterations)

    def progress(self, iterations_done: int, line: str, seconds_an_iteration: float) -> None:
        """Words for the live line; where there is none, print them every few seconds."""
        if not self._on:
            return
        left = (self._max_iterations - iterations_done) * seconds_an_iteration
        self._line = line
        if self._bar:
            self._bar.say(line, left)
        now = time.monotonic()
        last = iterations_done == self._max_iterations
        if last or now - self._last_plain_line > PLAIN_LINE_SECONDS:
            self._last_plain_line = now
            line = f"{iterations_done}/{self._max_iterations}  eta {progress.clock(left)}  {line}"
            if self._bar:
                self._note(line)
            else:
                self.info(f"{self._title}  {line}")

    def status(self, text: str) -> None:
        """What the run is doing when it is not iterating."""
        if not self._on:
            return
        if self._bar:
            self._bar.say(text)
        else:
            self.info(f"{self._title}  {text}")


def has_evaluation(directory: Path, done: int) -> bool:
    """Whether metrics.json holds what was measured, not trained, after `done` iterations."""
    path = directory / METRICS
    lines = path.read_text(encoding="utf-8").splitlines() if path.is_file() else []
    at = (json.loads(line) for line in lines if _iteration_of(line) == done - 1)
    return any("lr" not in values for values in at)


def _iteration_of(line: str) -> float:
    try:
        return float(json.loads(line)["iteration"])
    except (ValueError, KeyError, TypeError):
        return math.inf  # a line cut by a crash
