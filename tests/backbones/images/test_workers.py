"""Workers that die, hang or run out of memory: one message each, in bounded time."""

import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
import torch

from backbones.images import workers
from backbones.images.workers import read_batches
from backbones.machine.exhaustion import OutOfMemory

BATCHES = [[0, 1], [2, 3], [4, 5]]


class Samples:
    """Position -> itself, but for one at which `act` is called first."""

    def __init__(self, at, act):
        self.at, self.act = at, act

    def __getitem__(self, position):
        if position == self.at:
            self.act()
        return position


@pytest.fixture(autouse=True)
def soon(monkeypatch):
    monkeypatch.setattr(workers, "LOOK", 0.5)


def kill(how):
    return lambda: os.kill(os.getpid(), how)


def read(act, at=4, num_workers=2, **options):
    return read_batches(Samples(at, act), BATCHES, list, num_workers=num_workers, **options)


@pytest.mark.parametrize(
    ("act", "told"),
    [
        (kill(signal.SIGKILL), "was ended by SIGKILL, as the kernel does where memory runs out"),
        (kill(signal.SIGBUS), "was ended by SIGBUS, as happens where shared memory .*--shm-size"),
        (lambda: os._exit(3), "exited with code 3, set DATALOADER.NUM_WORKERS 0"),
    ],
)
def test_a_worker_that_dies_is_told_within_seconds(act, told):
    started = time.monotonic()
    batches = read(act)
    with pytest.raises(ChildProcessError, match=f"worker [12] of 2 must live .*{told}.*--resume"):
        list(batches)
    assert time.monotonic() - started < 5


def _end_soon():
    time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGKILL)


def test_a_pipe_that_is_cut_before_its_worker_has_ended_tells_of_its_death():
    process = multiprocessing.get_context("fork").Process(target=_end_soon)
    process.start()
    assert workers._of_a_death(ConnectionResetError(), [process])
    assert "was ended by SIGKILL" in workers._death([process])


def test_a_death_amid_a_message_is_told_long_before_the_patience_ends():
    fork = multiprocessing.get_context("fork")
    both = [fork.Process(target=_end_soon), fork.Process(target=time.sleep, args=(60,))]
    for process in both:
        process.start()
    with workers._Silence(both, multiprocessing.Value("i", 2)) as silence:
        silence.begin()
        both[1].join(5)  # as long as it lives, torch waits for the rest of the message
    assert "worker 1 of 2 must live" in silence.verdict
    assert "was ended by SIGKILL" in silence.verdict


def test_a_death_interrupts_nothing_but_the_wait_for_a_batch():
    def die():
        time.sleep(0.2)  # the batch before is then handed on whole
        os.kill(os.getpid(), signal.SIGKILL)

    batches = read(die)
    assert next(batches) == [0, 1]
    end = time.monotonic() + 1
    while time.monotonic() < end:  # torch's own handler of SIGCHLD would raise here
        pass
    assert next(batches) == [2, 3]
    with pytest.raises(ChildProcessError):
        next(batches)


@pytest.mark.parametrize("num_workers", [0, 2])
@pytest.mark.parametrize(("whole", "told"), [(True, [[0, 1]]), (False, [[0, 1], [2]])])
def test_of_a_batch_with_a_faulty_sample_only_what_is_asked_for_is_told(whole, told, num_workers):
    def fail():
        raise ValueError("3.png must be an image")

    batches = read(fail, 3, num_workers, whole=whole)
    assert [next(batches) for _ in told] == told
    with pytest.raises(ValueError, match=r"3\.png must be an image"):
        next(batches)


def test_a_worker_that_hangs_is_given_up_aloud(monkeypatch, capfd):
    monkeypatch.setenv("RESDET_TIMEOUT", "2")
    batches = read(lambda: time.sleep(60), at=0)
    with pytest.raises(ChildProcessError, match=r"within RESDET_TIMEOUT seconds, got none in 2 s"):
        list(batches)
    told = capfd.readouterr().out
    assert "waiting for the first batch: 1 s so far, 2 of 2 worker(s) started" in told
    assert told.count("waiting") == 2  # after 0.5 and 1 s


class Tensors(Samples):
    """What a worker hands on in shared memory, which it must give out itself."""

    def __getitem__(self, position):
        return torch.full((3, 200, 200), super().__getitem__(position))


@pytest.mark.parametrize("stopped", [1, 2])
def test_stopped_workers_are_given_up(monkeypatch, stopped):
    monkeypatch.setenv("RESDET_TIMEOUT", "2")
    others = multiprocessing.active_children()
    batches = read_batches(Tensors(-1, None), ([n] for n in range(9999)), list, num_workers=2)
    next(batches)
    started = [child for child in multiprocessing.active_children() if child not in others]
    for worker in started[:stopped]:
        os.kill(worker.pid, signal.SIGSTOP)
    begun = time.monotonic()
    with pytest.raises(ChildProcessError, match="within RESDET_TIMEOUT seconds, got none in 2 s"):
        list(batches)
    assert time.monotonic() - begun < 6
    assert not any(worker.is_alive() for worker in started)


def test_a_run_that_ends_does_not_wait_for_a_stopped_worker():
    others = multiprocessing.active_children()
    batches = read(lambda: None)
    next(batches)
    (worker, *_) = [child for child in multiprocessing.active_children() if child not in others]
    os.kill(worker.pid, signal.SIGSTOP)
    begun = time.monotonic()
    batches.close()
    worker.join(5)
    assert worker.exitcode == -signal.SIGKILL
    assert time.monotonic() - begun < 3


def test_a_process_ends_at_once_though_its_batches_are_left_lying():
    program = (
        "from backbones.images.workers import read_batches\n"
        "batches = read_batches(range(9), [[n] for n in range(9)], list, num_workers=2)\n"
        "class Keeper:\n"
        "    pass\n"
        "Keeper.loop, Keeper.batches = Keeper, batches\n"
        "print(next(batches), flush=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120)
    assert (done.returncode, done.stdout) == (0, b"[0]\n"), done.stderr


def test_a_slow_worker_is_waited_for():
    assert list(read(lambda: time.sleep(1.2))) == BATCHES


def no_memory():
    raise MemoryError("Unable to allocate 7 TiB")


@pytest.mark.parametrize("num_workers", [0, 1])
def test_memory_that_runs_out_in_reading_names_the_image(num_workers):
    batches = read(no_memory, num_workers=num_workers, name="image {}".format)
    assert next(batches) == [0, 1]
    told = "memory must hold image 4, got 'Unable to allocate 7 TiB'; lower DATALOADER.NUM_WORKERS"
    with pytest.raises(OutOfMemory, match=told):
        list(batches)


def gone():
    raise FileNotFoundError("a.jpg is gone")


@pytest.mark.parametrize("num_workers", [0, 1])
def test_a_file_that_vanishes_is_one_line(num_workers):
    with pytest.raises(OSError, match=r"^a\.jpg is gone$"):
        list(read(gone, num_workers=num_workers))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_to_a_worker_is_none_to_its_parent(number):
    reader, writer = socket.socketpair()
    writer.setblocking(False)
    reader.setblocking(False)
    before = signal.set_wakeup_fd(writer.fileno())
    try:
        assert list(read(kill(number))) == BATCHES
        with pytest.raises(BlockingIOError):
            reader.recv(1)
    finally:
        signal.set_wakeup_fd(before)
        reader.close()
        writer.close()
