"""What ends a run with a word: signals, a full disk, losses that are not finite, no memory."""

from __future__ import annotations

import contextlib
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from nursery import Child, ended, launch
from outcome import Bench, Outcome, check_end, check_saved, finish
from subjects import Subject, leftovers, saved_iteration

from backbones.weights import checkpoint

WITHIN = 30.0  # Unit: seconds, from a signal to the exit
NOT_FINITE = 3


def by_signal(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """SIGTERM and SIGINT in turn: a checkpoint of the very iteration, then exit 143 or 130."""
    outcome = Outcome(f"SIGTERM and SIGINT, {subject.name}")
    output = bench.empty(f"signal-{subject.name}") / "run"
    begun = 0
    for number in range(times):
        with outcome.injection():
            which = (signal.SIGTERM, signal.SIGINT)[number % 2]
            child = launch(subject.tool, subject.command(output), output.parent / "signal.log")
            with ended(child):
                child.wait_for_step(chance.randrange(1, 2 * subject.period))
                time.sleep(chance.uniform(0, 0.05))
                child.signal(which)
                code = child.wait(WITHIN)
            assert code == 128 + which, f"exit code {code}\n{child.told()}"
            assert "--resume" in child.told(), child.told()
            assert "Traceback" not in child.told(), child.told()
            outcome.lose(begun + child.steps.done, saved_iteration(output), 0)
            begun += child.steps.done
    with outcome.afterwards():
        check_end(bench, subject, output)
    return outcome


def before_the_start(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """A signal while nothing is trained yet ends the run at once."""
    outcome = Outcome(f"SIGTERM and SIGINT before the first iteration, {subject.name}")
    for number in range(times):
        with outcome.injection():
            which = (signal.SIGTERM, signal.SIGINT)[number % 2]
            output = bench.empty(f"early-{subject.name}") / "run"
            child = launch(subject.tool, subject.command(output), output.parent / "signal.log")
            with ended(child):
                while child.poll() is None and "->" not in child.told():
                    time.sleep(0.001)
                time.sleep(chance.uniform(0, 0.05))
                child.signal(which)
                code = child.wait(WITHIN)
            # before a handler is in place, SIGTERM ends a process as it always did
            assert code in (128 + which, -which), f"exit code {code}\n{child.told()}"
            assert "Traceback" not in child.told(), child.told()
    return outcome


@contextlib.contextmanager
def small_disk(folder: Path, megabytes: float) -> Iterator[Callable[[float], None]]:
    """A disk of its own under `folder`; yields what changes its size.

    Raises: OSError if this machine lets nobody mount.
    """
    size = f"size={int(megabytes * 1000)}k"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "tmpfs", str(folder)], capture_output=True, text=True
    )
    if done.returncode:
        raise OSError(done.stderr.strip())

    def resize(megabytes: float) -> None:
        option = f"remount,size={int(megabytes * 1000)}k"
        subprocess.run(["mount", "-o", option, str(folder)], check=True)

    try:
        yield resize
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


def full_disk(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """A disk with room for some checkpoints; once it is larger, the run goes on."""
    outcome = Outcome(f"full disk, {subject.name}")
    home = bench.empty(f"disk-{subject.name}")
    sizes = bench.empty(f"disk-{subject.name}-size") / "run"
    finish(subject.having(iterations=subject.period), sizes)
    one = max(p.stat().st_size for p in sizes.iterdir() if p.suffix == ".pth") / 1e6
    for number in range(times):
        folder = home / str(number)
        folder.mkdir()
        try:
            disk = small_disk(folder, chance.uniform(1.2, 3.8) * one)
            with disk as resize, outcome.injection():
                _fill(outcome, subject, folder / "run", home / "disk.log", 0)
                resize(100 * one)
                check_end(bench, subject, folder / "run")
        except OSError as error:
            outcome.skipped = f"no small disk can be mounted here: {error}"
    return outcome


def large_file(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """A limit on the size of a file, which a checkpoint passes: as a full disk, but anywhere."""
    outcome = Outcome(f"file size limit, {subject.name}")
    for _ in range(times):
        with outcome.injection():
            output = bench.empty(f"limit-{subject.name}") / "run"
            finish(subject.having(iterations=subject.period), output)
            limit = int(chance.uniform(0.05, 0.9) * checkpoint.last(output).stat().st_size)  # type: ignore[union-attr]
            log = output.parent / "disk.log"
            _fill(outcome, subject, output, log, limit)
            check_end(bench, subject, output)
    return outcome


def _fill(outcome: Outcome, subject: Subject, output: Path, log: Path, limit: int) -> None:
    def limited() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    begun = saved_iteration(output) if output.is_dir() else 0
    child = launch(subject.tool, subject.command(output), log, before=limited)
    with ended(child):
        code = child.wait()
    told = child.told()
    assert code == 2, f"exit code {code}\n{told}"
    assert "must be writable" in told, told
    assert "MB free" in told, told
    assert "Traceback" not in told, told
    check_saved(outcome, subject, output, child, begun)


def not_finite(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """A rate at which weights explode: the iteration is kept, with what was seen in it."""
    outcome = Outcome(f"loss not finite, {subject.name}")
    broken = subject.setting("SOLVER.BASE_LR", "1e20", "SOLVER.WARMUP_ITERS", "0")
    for _ in range(times):
        with outcome.injection():
            output = bench.empty(f"nonfinite-{subject.name}") / "run"
            child = launch(broken.tool, broken.command(output), output.parent / "nan.log")
            with ended(child):
                code = child.wait()
            told = child.told()
            assert code == NOT_FINITE, f"exit code {code}\n{told}"
            assert "Traceback" not in told, told
            kept = list(output.glob("nonfinite_*.pth"))
            assert len(kept) == 1, f"{kept}\n{told}"
            assert checkpoint.load(kept[0]), "nothing in the file"
            check_saved(outcome, broken, output, child, 0)
            assert not leftovers(output), leftovers(output)
    return outcome


def no_memory(bench: Bench, subject: Subject, times: int, chance: random.Random) -> Outcome:
    """An address space that a batch of large images does not fit into."""
    outcome = Outcome(f"out of memory, {subject.name}")
    sizes = ("INPUT.SIZE", "512", "SOLVER.IMS_PER_BATCH", "24", "DATASETS.IN_MEMORY", "False")
    if subject.tool == "train_det":
        sizes = ("INPUT.MIN_SIZE_TRAIN", "[1600]", "INPUT.MAX_SIZE_TRAIN", "1600")
    large = subject.setting(*sizes)
    for _ in range(times):
        with outcome.injection():
            output = bench.empty(f"memory-{subject.name}") / "run"
            child = launch(
                large.tool, large.command(output), output.parent / "memory.log", before=_crowd
            )
            with ended(child):
                code = child.wait()
            _check_memory(child, code)
    return outcome


def _crowd() -> None:
    """Leave this process 300 MB more than it has."""
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + 300_000_000
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def _check_memory(child: Child, code: int) -> None:
    told = child.told()
    assert code == 2, f"exit code {code}\n{told}"
    assert "memory must hold" in told, told
    assert "Traceback" not in told, told
