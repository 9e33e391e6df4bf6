"""Samples read by worker processes: a fault is one line, a worker that dies or hangs is named."""

from __future__ import annotations

import atexit
import contextlib
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from itertools import takewhile
from multiprocessing import connection
from typing import Any, Generic, TypeVar

import cv2
import torch
from torch.utils.data import DataLoader, Dataset

from backbones.machine.exhaustion import READING, OutOfMemory, first_line, is_exhaustion
from backbones.terminal.patience import TIMEOUT_VARIABLE, patience, say, waiting

LOOK = 5  # Unit: seconds; how often it is looked whether the workers still live
ENDING = 2.0  # Unit: seconds; from a pipe that is cut to the end of its process
_FAULTS = (ValueError, OSError)
Position = TypeVar("Position")
Sample = TypeVar("Sample")
Collated = TypeVar("Collated")


class _Telling(Dataset["Sample | ValueError | OSError"], Generic[Sample]):
    """Returns a fault as a value: raised in a worker, its message would drown in a traceback."""

    def __init__(self, samples: Dataset[Sample], name: Callable[[Any], str]) -> None:
        self._samples = samples
        self._name = name

    def __getitem__(self, position: Any) -> Sample | ValueError | OSError:
        try:
            return self._samples[position]
        except (ValueError, OSError) as fault:
            return fault
        except (MemoryError, RuntimeError, cv2.error) as error:
            if not is_exhaustion(error):
                raise
            return OutOfMemory(self._name(position), first_line(error), READING)


def read_batches(
    samples: Dataset[Sample],
    batches: Iterable[list[Position]],
    collate: Callable[[list[Sample]], Collated],
    *,
    num_workers: int,
    name: Callable[[Position], str] = str,
    whole: bool = True,
) -> Iterator[Collated]:
    """`collate` of the samples at the positions of each batch, read by workers, in order.

    `name` says for messages what lies at a position. Unless batches must be `whole`, what stands
    before a faulty sample is one.
    Raises: the ValueError or OSError of the first sample that has one; ChildProcessError within
        seconds of a worker's death, and after `patience()` without a batch.
    """
    begun = multiprocessing.Value("i", 0)
    loader: DataLoader[Sample | ValueError | OSError] = DataLoader(
        _Telling(samples, name),
        batch_sampler=batches,  # type: ignore[arg-type]
        num_workers=num_workers,
        collate_fn=partial(_parted, collate, whole),
        worker_init_fn=partial(_start, begun),
        pin_memory=torch.cuda.is_available(),
        generator=torch.Generator(),  # else it would draw from the stream that dropout draws from
        timeout=LOOK if num_workers else 0,
    )
    for read, fault in _watched(loader, begun) if num_workers else _alone(loader):
        yield from read
        if fault is not None:
            raise fault


def _start(begun: Any, worker: int) -> None:
    cv2.setNumThreads(0)  # the workers are the threads
    signal.set_wakeup_fd(-1)  # a signal to a worker is none to its parent
    # torchrun, terminals and schedulers signal a parent's workers too; it wants a last batch of
    # them for the iteration that it ends, and kills them itself
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    with begun.get_lock():
        begun.value += 1


def _parted(
    collate: Callable[[list[Sample]], Collated],
    whole: bool,
    samples: list[Sample | ValueError | OSError],
) -> tuple[list[Collated], ValueError | OSError | None]:
    """The batch, if there is one, and what is wrong with the first faulty sample."""
    fault = next((sample for sample in samples if isinstance(sample, _FAULTS)), None)
    sound: list[Any] = list(takewhile(lambda sample: sample is not fault, samples))
    return [collate(sound)] if sound and not (whole and fault) else [], fault


def _alone(loader: Iterable[Any]) -> Iterator[Any]:
    stream = iter(loader)
    with waiting("reading the first batch"):
        first = next(stream, None)
    if first is not None:
        yield first
        yield from stream


def _watched(loader: DataLoader[Any], begun: Any) -> Iterator[Any]:
    """The batches; what is waited for is said after 5 s, 10 s, 20 s ..."""
    count, others = loader.num_workers, multiprocessing.active_children()
    with _death_told_by_next(), waiting(f"starting {count} worker(s)"):
        stream = iter(loader)
    workers = [child for child in multiprocessing.active_children() if child not in others]
    with _Silence(workers, begun) as silence:
        while True:
            silence.begin()
            try:
                batch = next(stream)
            except StopIteration:
                return
            except (RuntimeError, OSError, EOFError) as error:  # of its pipes, where one is killed
                if "DataLoader timed out" in str(error):
                    continue  # all live
                if silence.verdict:
                    raise ChildProcessError(silence.verdict) from None
                if not _of_a_death(error, workers):
                    raise
                raise ChildProcessError(_death(workers)) from None
            silence.end()
            yield batch


class _Silence:
    """Says, while entered, how long a batch is waited for; ends the workers when it is too long.

    By a thread: whoever has a stopped worker's message, and waits within torch for the memory that
    it speaks of, or for the rest of what a dead one wrote, is not woken by any timeout. At the end
    the workers are killed, for one that is stopped would not hear a request, and be waited for at
    the end of the process.
    """

    def __init__(self, workers: list[Any], begun: Any) -> None:
        self.verdict = ""  # why the workers were ended
        self._workers, self._begun, self._limit = workers, begun, patience()
        self._since: float | None = None
        self._kind = "the first"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> _Silence:
        self._thread.start()
        atexit.register(self._kill)  # batches left lying: at the exit their workers are joined
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._kill()
        atexit.unregister(self._kill)

    def begin(self) -> None:
        """A batch is waited for, or still is."""
        self._since = self._since or time.monotonic()

    def end(self) -> None:
        """It is there."""
        self._since, self._kind = None, "a"

    def _look(self) -> None:
        told: float | None = None  # the waiting of which something was said
        word = float(LOOK)
        while not self._over.wait(LOOK / 5):
            since = self._since
            if since is None:
                continue
            if since != told:
                told, word = since, float(LOOK)
            waited = time.monotonic() - since
            died = any(worker.exitcode for worker in self._workers)
            if waited >= self._limit or (died and waited >= 2 * LOOK):  # torch looks every LOOK
                count = len(self._workers)
                none_came = _none_came(waited, self._begun.value, count)
                self.verdict = _death(self._workers) if died else none_came
                self._kill()
                return
            if waited >= word:
                word *= 2
                started = f"{self._begun.value} of {len(self._workers)} worker(s) started"
                say(f"waiting for {self._kind} batch: {waited:.0f} s so far, {started}")

    def _kill(self) -> None:
        for worker in self._workers:
            with contextlib.suppress(ValueError):  # torch has closed it
                worker.kill()


def _of_a_death(error: Exception, workers: list[Any]) -> bool:
    if "exited unexpectedly" in str(error):
        return True
    if not isinstance(error, (ConnectionError, EOFError)):
        return False
    cut = connection.wait([worker.sentinel for worker in workers], ENDING)
    for worker in workers:
        if worker.sentinel in cut:  # a moment before it counts as ended
            worker.join(ENDING)
    return any(worker.exitcode for worker in workers)


@contextlib.contextmanager
def _death_told_by_next() -> Iterator[None]:
    """Keep torch from handling SIGCHLD, by which any line at all could raise a worker's death."""
    handler = signal.getsignal(signal.SIGCHLD)
    yield
    if handler is not None and threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGCHLD, handler)


def _death(workers: list[Any]) -> str:
    ended = [(number, w) for number, w in enumerate(workers) if w.exitcode is not None]
    number, worker = next(
        ((n, w) for n, w in ended if w.exitcode), ended[0] if ended else (0, None)
    )
    code = worker.exitcode if worker is not None else None
    how = "is gone"
    if code is not None and code < 0:
        how = f"was ended by {signal.Signals(-code).name}"
    elif code is not None:
        how = f"exited with code {code}"
    cause = {
        -signal.SIGKILL: "as the kernel does where memory runs out: lower DATALOADER.NUM_WORKERS "
        "or SOLVER.IMS_PER_BATCH",
        -signal.SIGBUS: "as happens where shared memory runs out: enlarge /dev/shm (docker run "
        "--shm-size), or lower DATALOADER.NUM_WORKERS",
    }.get(code or 0, "set DATALOADER.NUM_WORKERS 0 to see its error")
    return (
        f"worker {number + 1} of {len(workers)} must live while batches are read, but it {how}, "
        f"{cause}; go on with --resume"
    )


def _none_came(seconds: float, begun: int, count: int) -> str:
    return (
        f"a batch must come within {TIMEOUT_VARIABLE} seconds, got none in {seconds:.0f} s "
        f"({begun} of {count} worker(s) started); see whether the disk of the images answers, or "
        f"raise {TIMEOUT_VARIABLE}"
    )
