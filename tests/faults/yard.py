"""Where commands are injured: what they read, what they leave undisturbed, and what must hold."""

from __future__ import annotations

import os
import shutil
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inputs import digests, make_inputs
from jobs import Job, check_whole, hidden, names
from nursery import Child, Steps, ended, launch

_CHANGES = {
    *("open", "os.chmod", "os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir"),
    *("os.symlink", "os.truncate", "shutil.rmtree"),
}


@dataclass(frozen=True)
class Reference:
    """What a job leaves, its acts of writing, and how long it takes where nothing happens."""

    folder: Path
    acts: int
    seconds: float

    @property
    def names(self) -> list[str]:
        return names(self.folder)

    @property
    def sizes(self) -> list[int]:
        return [p.stat().st_size for p in self.folder.rglob("*") if p.is_file()]


@dataclass
class Yard:
    """`given` holds the inputs, `known` what they are, `folder` the rest."""

    folder: Path
    given: Path
    known: dict[Path, str]
    _references: dict[Job, Reference] = field(default_factory=dict)

    @classmethod
    def below(cls, folder: Path) -> Yard:
        make_inputs(folder / "given")
        return cls(folder, folder / "given", digests(folder / "given"))

    def empty(self) -> Path:
        """A new folder to write into."""
        out = self.folder / "out"
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir()
        return out

    def begun(self, job: Job, number: int) -> Path:
        """The same, every other time with what an earlier run of the job left."""
        out = self.empty()
        if job.again and number // 2 % 2:
            shutil.copytree(self.reference(job).folder, out, dirs_exist_ok=True)
        return out

    def reference(self, job: Job) -> Reference:
        """What the job does undisturbed; it is run once."""
        if job not in self._references:
            folder = self.folder / f"reference-{len(self._references)}"
            folder.mkdir(exist_ok=True)
            acts = Steps()
            child = self.start(job, folder, lambda: watch(folder, acts.count))
            with ended(child):
                assert child.wait() in (0, 1), child.told()
            seconds = time.monotonic() - child.started
            self._references[job] = Reference(folder, acts.done, seconds)
        return self._references[job]

    def start(self, job: Job, out: Path, before: Callable[[], None] = lambda: None) -> Child:
        """`before` is called in the fork first."""
        return self.start_words(job.tool, job.argv(self.given, out), before)

    def start_words(
        self, tool: str, argv: list[str], before: Callable[[], None] = lambda: None
    ) -> Child:
        def ready() -> None:
            signal.signal(signal.SIGHUP, signal.SIG_DFL)
            before()

        return launch(tool, argv, self.folder / "command.log", before=ready)

    def finish(self, job: Job, out: Path) -> None:
        """Raises: AssertionError if the job does not come to its end, or leaves something else."""
        child = self.start(job, out)
        with ended(child):
            assert child.wait() in (0, 1), child.told()
        self.check(job, out)
        missing = set(self.reference(job).names) - set(names(out))
        assert not missing, f"without {sorted(missing)}"

    def check(self, job: Job, out: Path, *, clean: bool = True) -> None:
        """Raises: AssertionError where an input changed or an output is not whole."""
        assert digests(self.given) == self.known, "an input changed"
        check_whole(out, self.reference(job).names, job)
        assert not clean or not hidden(out), f"left: {hidden(out)}"


def watch(folder: Path, act: Callable[[], None]) -> None:
    """Call `act` before each act of this process that changes what is in `folder`."""
    where, owner = str(folder), os.getpid()

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event not in _CHANGES or os.getpid() != owner:
            return
        if event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR):
            return
        if any(str(argument).startswith(where) for argument in arguments[:2]):
            act()

    sys.addaudithook(hook)


def at_act(folder: Path, number: int, which: int) -> None:
    """This process sends itself a signal at the nth of these acts."""
    left = [number]

    def act() -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), which)

    watch(folder, act)
