"""SIGKILL: at random moments, and within the writing of a checkpoint."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from nursery import Child, ended, launch
from outcome import Bench, Outcome, check_end, check_saved
from subjects import Subject, leftovers

MANY = 10  # kills among which one must tear a file
ORPHANS_LEAVE = 15.0  # Unit: seconds; a worker looks for its parent every few


def at_random(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """Between the start and the second checkpoint after it, wherever that finds the process."""
    outcome = Outcome(f"SIGKILL at random, {subject.name}")

    def strike(output: Path) -> Child:
        child = launch(subject.tool, subject.command(output), output.parent / "kill.log")
        started = time.monotonic()
        child.wait_for_step(chance.randrange(2 * subject.period))
        iteration = max(0.005, (time.monotonic() - started) / (child.steps.done + 1))
        time.sleep(chance.uniform(0, 2 * min(iteration, 0.1)))
        child.signal(signal.SIGKILL)
        return child

    _kill_again_and_again(bench, subject, times, outcome, strike)
    return outcome


def in_writing(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """Amid the bytes of a file, before and after it is synced, renamed, or an older one removed."""
    outcome = Outcome(f"SIGKILL while a checkpoint is written, {subject.name}")

    def strike(output: Path) -> Child:
        fuse = Fuse(chance.randrange(1, 24), chance.random())
        log = output.parent / "kill.log"
        return launch(subject.tool, subject.command(output), log, before=fuse.lay)

    torn = _kill_again_and_again(bench, subject, times, outcome, strike)
    with outcome.afterwards():
        assert torn or times < MANY, "no kill left a file half written"
    return outcome


def _kill_again_and_again(
    bench: Bench,
    subject: Subject,
    times: int,
    outcome: Outcome,
    strike: Callable[[Path], Child],
) -> int:
    """One run after another, each killed until it is at its end; return how often a file tore."""
    begun = torn = round_ = 0
    output = bench.empty(f"kill-{subject.name}") / "run"
    while outcome.injected < times:
        child = strike(output)
        with ended(child):
            if child.wait() == 0:  # it came to its end before
                with outcome.afterwards():
                    check_end(bench, subject, output)
                output, begun = bench.empty(f"kill-{subject.name}") / "run", 0
                round_ += 1
                assert round_ < times, "runs end before they are killed"
                continue
        with outcome.injection():
            assert child.code == -signal.SIGKILL, f"exit code {child.code}\n{child.told()}"
            torn += output.is_dir() and bool(leftovers(output))
            begun = check_saved(outcome, subject, output, child, begun)
    with outcome.afterwards():
        check_end(bench, subject, output)
    return torn


class Fuse:
    """Kills its process at the nth act of writing; amid a torch file at a share of its bytes."""

    def __init__(self, act: int, share: float) -> None:
        self.left, self.share = act, share

    def lay(self) -> None:
        """Around what every atomic write calls; in the process that is to die."""
        for name in ("fsync", "replace", "unlink"):
            setattr(os, name, self._around(getattr(os, name)))
        save = torch.save

        def tear(payload: Any, file: Any, *rest: Any, **options: Any) -> None:
            self.left -= 1
            save(payload, Torn(file, self.share) if self.left == 0 else file, *rest, **options)

        torch.save = tear

    def _around(self, act: Callable[..., Any]) -> Callable[..., Any]:
        def burn(*arguments: Any, **options: Any) -> Any:
            self._burn()
            result = act(*arguments, **options)
            self._burn()
            return result

        return burn

    def _burn(self) -> None:
        self.left -= 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


class Torn:
    """A file whose writer is killed after a share of 300 kB."""

    def __init__(self, file: Any, share: float) -> None:
        self._file, self._left = file, int(300_000 * share)

    def write(self, data: Any) -> int:
        view = memoryview(data).cast("B")
        self._file.write(view[: max(0, self._left)])
        self._left -= len(view)
        if self._left <= 0:
            self._file.flush()
            os.kill(os.getpid(), signal.SIGKILL)
        return len(view)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)


def leaving_workers(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """With workers that read: they end too, soon after."""
    subject = with_workers(subject)
    outcome = Outcome(f"SIGKILL, workers left alone, {subject.name}")
    output = bench.empty(f"orphans-{subject.name}") / "run"
    begun = 0
    for _ in range(times):
        with outcome.injection():
            child = launch(subject.tool, subject.command(output), output.parent / "kill.log")
            with ended(child):
                child.wait_for_step(chance.randrange(1, 2 * subject.period))
                assert len(child.descendants()) >= 2, "no worker runs"
                child.signal(signal.SIGKILL)
                child.wait()
                end = time.monotonic() + ORPHANS_LEAVE
                while child.descendants():
                    assert time.monotonic() < end, f"workers {child.descendants()} live on"
                    time.sleep(0.1)
            begun = check_saved(outcome, subject, output, child, begun)
    with outcome.afterwards():
        check_end(bench, subject, output)
    return outcome


def with_workers(subject: Subject) -> Subject:
    """Two of them, in a shorter run: they take long to start."""
    subject = subject.having(iterations=30).setting("DATALOADER.NUM_WORKERS", "2")
    held = subject.tool == "train_backbone"
    return subject.setting("DATASETS.IN_MEMORY", "False") if held else subject
