"""Every command, ended, starved, or pointed at what it reads: inputs stay, outputs are whole."""

from __future__ import annotations

import random
import re
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from jobs import RUNS, Job, names
from nursery import Child, ended
from outcome import Outcome
from stops import small_disk
from yard import Yard, at_act

from backbones.files.lock import NAME as LOCK

WITHIN = 60.0  # Unit: seconds, from a signal to the exit
ENDS = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)
LEAST = 8192  # Unit: bytes; what is printed needs room too
DONE = (0, 1)  # 1: done, and something was found


def killed(yard: Yard, jobs: Sequence[Job], times: int, chance: random.Random) -> Outcome:
    """SIGKILL at a random moment or act of writing; what stays half written goes with the next."""

    def strike(job: Job, number: int) -> None:
        out = yard.begun(job, number)
        child = _struck(yard, job, out, number, chance, signal.SIGKILL)
        with ended(child):
            assert child.wait() in (-signal.SIGKILL, *DONE), child.told()
        yard.check(job, out, clean=False)
        if job.again or not any((out / name).exists() for name in job.written):
            yard.finish(job, out)

    return _over(f"SIGKILL, {len(jobs)} commands", jobs, times, strike)


def signalled(yard: Yard, jobs: Sequence[Job], times: int, chance: random.Random) -> Outcome:
    """SIGTERM, SIGHUP and SIGINT likewise: told in a line; nothing half written stays."""

    def strike(job: Job, number: int) -> None:
        which = ENDS[number % len(ENDS)]
        out = yard.begun(job, number)
        before = set(names(out))
        child = _struck(yard, job, out, number, chance, which)
        with ended(child):
            code = child.wait(WITHIN)
        # before a handler is in place, a signal ends a process as it always did
        assert code in (128 + which, -which, *DONE), f"exit code {code}\n{child.told()}"
        assert "Traceback" not in child.told(), child.told()
        yard.check(job, out)
        assert before <= set(names(out)), f"gone: {before - set(names(out))}"

    return _over(f"SIGTERM, SIGHUP, SIGINT, {len(jobs)} commands", jobs, times, strike)


def starved(yard: Yard, jobs: Sequence[Job], times: int, chance: random.Random) -> Outcome:
    """A disk that is full after a part of what is written: told; nothing half written stays."""

    def strike(job: Job, number: int) -> None:
        room = chance.uniform(0.02, 0.9) * sum(yard.reference(job).sizes)
        out = yard.empty()
        with small_disk(out, max(room, LEAST) / 1e6):
            _refused(yard, job, out)

    return _over(f"full disk, {len(jobs)} commands", jobs, times, strike, _no_disk(yard))


def limited(yard: Yard, jobs: Sequence[Job], times: int, chance: random.Random) -> Outcome:
    """A limit on the size of a file: as a full disk, but anywhere; what stood there still does."""

    def strike(job: Job, number: int) -> None:
        limit = max(LEAST, int(chance.uniform(0.05, 0.9) * max(yard.reference(job).sizes)))
        out = yard.begun(job, number)
        before = set(names(out))
        limits = (limit, limit)
        _refused(yard, job, out, lambda: resource.setrlimit(resource.RLIMIT_FSIZE, limits))
        assert before <= set(names(out)), f"gone: {before - set(names(out))}"

    return _over(f"file size limit, {len(jobs)} commands", jobs, times, strike)


def read_only(yard: Yard, jobs: Sequence[Job], times: int, chance: random.Random) -> Outcome:
    """A disk that may only be read, as root sees it too."""

    def strike(job: Job, number: int) -> None:
        out = yard.empty()
        with small_disk(out, 1):
            subprocess.run(["mount", "-o", "remount,ro", str(out)], check=True)
            code = _refused(yard, job, out)
            assert code == 2, f"exit code {code}"

    return _over(f"read-only, {len(jobs)} commands", jobs, times, strike, _no_disk(yard))


def into_inputs(yard: Yard, jobs: Sequence[Job], times: int, chance: random.Random) -> Outcome:
    """An output that is an input, or a file or folder in it: refused in a line."""

    def strike(job: Job, number: int) -> None:
        out = yard.empty()
        words = job.argv(yard.given, out)
        places = [yard.given / read for read in job.read]
        inside = [path for place in places for path in (place, *place.rglob("*"))]
        written = chance.choice([k for k, word in enumerate(words) if word.startswith(f"{out}/")])
        words[written] = str(chance.choice(sorted(inside)))
        child = yard.start_words(job.tool, words)
        with ended(child):
            assert child.wait() == 2, child.told()
        _told_in_a_line(child, words[written])
        yard.check(job, out)
        assert names(out) == []

    with_both = [job for job in jobs if job.read and job.written]
    return _over(f"output inside input, {len(with_both)} commands", with_both, times, strike)


def twice(yard: Yard, jobs: Sequence[Job], times: int, chance: random.Random) -> Outcome:
    """Two at once into one folder: the second is refused and told by whom."""

    def strike(job: Job, number: int) -> None:
        out = yard.empty()
        first = yard.start(job, out)
        with ended(first):
            _wait_for(out / "run" / LOCK, first)
            first.signal(signal.SIGSTOP)
            second = yard.start(job, out)
            with ended(second):
                assert second.wait() == 2, second.told()
            assert f"process {first.pid} on" in second.told(), second.told()
            _told_in_a_line(second, str(out))
            if number % 2:
                first.signal(signal.SIGKILL)
            else:
                first.signal(signal.SIGCONT)
                assert first.wait() == 0, first.told()
        if number % 2:  # of a dead one, the place is taken over
            yard.finish(job, out)
        yard.check(job, out)

    return _over("two at once into one folder", RUNS, times, strike)


def _no_disk(yard: Yard) -> str:
    """Why no disk of its own can be mounted here, if so."""
    try:
        with small_disk(yard.empty(), 1):
            return ""
    except OSError as error:
        return f"no small disk can be mounted here: {error}"


def _over(
    fault: str,
    jobs: Sequence[Job],
    times: int,
    strike: Callable[[Job, int], None],
    skipped: str = "",
) -> Outcome:
    """Strike each job so often."""
    outcome = Outcome(fault, skipped=skipped, trains=False)
    for job in () if skipped else jobs:
        for number in range(times):
            with outcome.injection():
                try:
                    strike(job, number)
                except AssertionError as error:
                    raise AssertionError(f"{job.words}: {error}") from None
    return outcome


def _struck(
    yard: Yard, job: Job, out: Path, number: int, chance: random.Random, which: int
) -> Child:
    """The job, started, with a signal at an act of writing or at any moment in turn.

    SIGINT at an act alone: before a tool is at work, it has Python's own end.
    """
    reference = yard.reference(job)
    if number % 2 or which == signal.SIGINT:
        act = chance.randrange(1, reference.acts + 1)
        return yard.start(job, out, lambda: at_act(out, act, which))
    child = yard.start(job, out)
    time.sleep(chance.uniform(0, reference.seconds))
    child.signal(which)
    return child


def _refused(yard: Yard, job: Job, out: Path, before: Callable[[], None] = lambda: None) -> int:
    """The exit code of a job that may find no room; what it leaves is whole."""
    child = yard.start(job, out, before)
    with ended(child):
        code = child.wait()
    assert code in (2, *DONE), f"exit code {code}\n{child.told()}"
    if code == 2:
        _told_in_a_line(child, str(out))
    yard.check(job, out)
    return code


def _told_in_a_line(child: Child, place: str) -> None:
    lines = [line for line in child.told().splitlines() if line.startswith("error: ")]
    assert len(lines) == 1, child.told()
    assert place in lines[0], child.told()
    assert not re.search(r"/\.\w", lines[0]), child.told()
    assert "Traceback" not in child.told(), child.told()


def _wait_for(path: Path, child: Child) -> None:
    end = time.monotonic() + WITHIN
    while not (path.is_file() and path.read_text()):
        assert child.poll() is None, child.told()
        assert time.monotonic() < end, f"no {path}:\n{child.told()}"
        time.sleep(0.001)
