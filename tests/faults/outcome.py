"""What a fault did: how often it was injected and survived, and how much work it cost."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from nursery import Child, ended, launch
from subjects import Subject, differing, final_weights, leftovers, saved_iteration


@dataclass
class Outcome:
    """Of one fault. `lost` counts iterations, at most `period` each; `told` says what failed.

    `trains`: whether there are iterations to lose.
    """

    fault: str
    injected: int = 0
    survived: int = 0
    lost: int = 0
    period: int = 0
    seconds: float = 0.0
    told: list[str] = field(default_factory=list)
    skipped: str = ""
    trains: bool = True

    @contextlib.contextmanager
    def injection(self) -> Iterator[None]:
        """Once more; whatever assertion or error the block raises, it is not survived."""
        self.injected += 1
        faults = len(self.told)
        with self.afterwards():
            yield
        self.survived += len(self.told) == faults

    @contextlib.contextmanager
    def afterwards(self) -> Iterator[None]:
        """What must hold once all injections are survived."""
        try:
            yield
        except (AssertionError, ValueError, OSError) as error:
            self.told.append(f"{self.fault}, time {self.injected}: {error}")

    def lose(self, done: int, saved: int, period: int) -> None:
        """Work up to `done` is gone back to `saved`. Raises: AssertionError if it is too much."""
        self.lost, self.period = max(self.lost, done - saved), max(self.period, period)
        assert done - saved <= period, f"lost {done - saved} iterations, {period} at most"

    @property
    def ok(self) -> bool:
        """True if every injection was survived, and there was one, or it was skipped."""
        return bool(self.skipped) or (self.injected > 0 and not self.told)


@dataclass
class Bench:
    """Subjects, an empty folder for each fault, and what undisturbed runs give."""

    folder: Path
    subjects: dict[str, Subject]
    _references: dict[Any, dict[str, torch.Tensor]] = field(default_factory=dict)

    def empty(self, name: str) -> Path:
        """A new folder."""
        path = self.folder / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def reference(
        self, subject: Subject, run: Callable[[Subject, Path], None] | None = None
    ) -> dict[str, torch.Tensor]:
        """The final weights of the subject, trained without a fault."""
        key = (subject, run)
        if key not in self._references:
            folder = self.empty(f"reference-{len(self._references)}")
            (run or finish)(subject, folder / "run")
            self._references[key] = final_weights(folder / "run")
        return self._references[key]


def finish(subject: Subject, output: Path) -> None:
    """Let the subject train to its end. Raises: AssertionError if it does not."""
    child = launch(subject.tool, subject.command(output), output.parent / "finish.log")
    with ended(child):
        assert child.wait() == 0, child.told()


def check_end(bench: Bench, subject: Subject, output: Path) -> None:
    """Finish the run: its weights are those of an undisturbed one, and nothing lies about."""
    finish(subject, output)
    other = differing(final_weights(output), bench.reference(subject))
    assert not other, f"{output} ended with other weights: {', '.join(other[:3])}"
    assert not leftovers(output), f"{output} keeps {leftovers(output)}"


def check_saved(outcome: Outcome, subject: Subject, output: Path, child: Child, begun: int) -> int:
    """The newest checkpoint is whole and no older than a period; return its iteration."""
    saved = saved_iteration(output)
    outcome.lose(begun + child.steps.done, saved, subject.period)
    return saved
