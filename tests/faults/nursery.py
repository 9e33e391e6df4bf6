"""Runs of the tools as forks of one process that has imported torch: each starts in no time.

A fork is the tool's command line in a process and a session of its own. What the tests know of it
beyond its files is a count of optimiser steps, which a hook of torch's own keeps in shared memory.
"""

from __future__ import annotations

import contextlib
import importlib
import mmap
import os
import runpy
import signal
import struct
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.util import _exit_function
from pathlib import Path

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook

ROOT = Path(__file__).resolve().parents[2]
WARM = (
    *("backbones.evaluation.protocol", "backbones.export.classifier", "backbones.training.curves"),
    *("backbones.training.classification", "backbones.weights.conversion", "matplotlib.pyplot"),
    *("resdet.benchmarks.suite", "resdet.data.coco.fix", "resdet.data.convert", "resdet.doctor"),
    *("resdet.engines.tv", "resdet.evaluation.comparison.compare", "resdet.training.train"),
    *("resdet.visualization.gallery", "resdet.visualization.video", "rich.console", "onnxscript"),
)
TOO_LONG = 120.0  # Unit: seconds; a run that takes longer hangs


def warm_up() -> None:
    """Import what the tools import. No thread may run here: a fork would not have it."""
    torch.set_num_threads(1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # what it began ends with it
    sys.path.insert(0, str(ROOT))
    os.chdir(ROOT)
    os.environ["OMP_NUM_THREADS"] = "1"
    for name in WARM:
        importlib.import_module(name)


class Steps:
    """How many optimiser steps a fork has done, as its parent sees it."""

    def __init__(self) -> None:
        self._memory = mmap.mmap(-1, 8)

    def count(self) -> None:
        self._memory[:] = struct.pack("q", self.done + 1)

    @property
    def done(self) -> int:
        return int(struct.unpack("q", self._memory[:])[0])


@dataclass
class Child:
    """A run under way, or ended with `code` (negative: by that signal)."""

    pid: int
    log: Path
    steps: Steps
    started: float
    code: int | None = None

    def poll(self) -> int | None:
        """The exit code, or None while it runs."""
        if self.code is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.code = os.waitstatus_to_exitcode(status)
        return self.code

    def wait(self, seconds: float = TOO_LONG) -> int:
        """The exit code. Raises: AssertionError if it hangs; it is killed then."""
        end = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > end:
                self.signal(signal.SIGKILL)
                raise AssertionError(f"hangs after {seconds:.0f} s:\n{self.told()}")
            time.sleep(0.005)
        assert self.code is not None
        return self.code

    def wait_for_step(self, count: int) -> None:
        """Until `count` optimiser steps are done, or the run has ended."""
        end = time.monotonic() + TOO_LONG
        while self.steps.done < count and self.poll() is None:
            assert time.monotonic() < end, f"no step {count}:\n{self.told()}"
            time.sleep(0.001)

    def signal(self, number: int) -> None:
        """To this process alone, where it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def descendants(self) -> list[int]:
        """Its workers: whatever lives in its session besides it."""
        return [pid for pid in _session(self.pid) if pid != self.pid]

    def told(self) -> str:
        """What it wrote on the terminal."""
        return self.log.read_text(errors="replace") if self.log.is_file() else ""

    def end(self) -> None:
        """Kill what is left of its session."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        if self.code is None:
            self.wait()


def launch(
    tool: str,
    argv: Sequence[str],
    log: Path,
    *,
    env: Mapping[str, str] | None = None,
    before: Callable[[], None] | None = None,
) -> Child:
    """Start tools/<tool>.py; `before` is called in the fork first."""
    steps = Steps()
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return Child(pid, log, steps, time.monotonic())
    code = 1
    try:
        os.setsid()
        _redirect(log)
        os.environ.update(env or {})
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        register_optimizer_step_post_hook(lambda *_: steps.count())
        if before is not None:
            before()
        path = ROOT / "tools" / f"{tool}.py"
        sys.argv = [str(path), *argv]
        runpy.run_path(str(path), run_name="__main__")
    except SystemExit as error:
        code = int(error.code or 0)
    except BaseException:
        traceback.print_exc()
    finally:
        with contextlib.suppress(Exception):
            _exit_function()  # workers end; what the parent wants at its exit is not done
            sys.stdout.flush()
        os._exit(code)


def launch_group(
    count: int, tool: str, argv: Sequence[str], folder: Path, port: int, **env: str
) -> list[Child]:
    """As torchrun starts `count` processes, but without it: nothing ends one when another does."""
    common = {"WORLD_SIZE": str(count), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), **env}
    return [
        launch(
            tool,
            argv,
            folder / f"rank{rank}.log",
            env={**common, "RANK": str(rank), "LOCAL_RANK": str(rank)},
        )
        for rank in range(count)
    ]


@contextlib.contextmanager
def ended(*children: Child) -> Iterator[None]:
    """Nothing of the children outlives the block."""
    try:
        yield
    finally:
        for child in children:
            child.end()


def _redirect(log: Path) -> None:
    out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    for descriptor in (1, 2):
        os.dup2(out, descriptor)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.stdout = open(1, "w", closefd=False, buffering=1)  # noqa: SIM115
    sys.stderr = sys.__stderr__ = open(2, "w", closefd=False, buffering=1)  # noqa: SIM115


def children(parent: int) -> dict[int, str]:
    """pid -> state of the children of a process; Z is a zombie."""
    return {pid: fields[0] for pid, fields in _processes() if int(fields[1]) == parent}


def _session(leader: int) -> list[int]:
    """The processes of a session that are no zombies."""
    found = _processes()
    return [pid for pid, fields in found if int(fields[3]) == leader and fields[0] not in "ZX"]


def _processes() -> Iterator[tuple[int, list[str]]]:
    """pid and what /proc says of it after its name: state, parent, group, session ..."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                yield int(entry.name), (entry / "stat").read_text().rpartition(")")[2].split()
