"""Processes that watch each other: here two watches in one process, over one store."""

import os
import time

import pytest
import torch.distributed as dist

from backbones.machine import distributed, watch
from backbones.machine.watch import Watch

LIMIT = 0.5


@pytest.fixture
def pair():
    store = dist.HashStore()
    watches = [Watch(store, rank, 2, LIMIT) for rank in range(2)]
    yield watches
    for one in watches:
        one.end()


@pytest.fixture
def ended(monkeypatch):
    """What a watch says on stderr and with which code it ends its process."""
    told = []
    monkeypatch.setattr(os, "_exit", told.append)
    monkeypatch.setattr(os, "write", lambda _, text: told.append(text.decode()))
    return told


def stop(one):
    one._over.set()  # as SIGSTOP: no sign any more, and none that it left


@pytest.mark.parametrize("stopped", [0, 1])
def test_a_silent_process_is_named_and_the_other_ends(pair, ended, stopped):
    stop(pair[stopped])
    time.sleep(0.6 * LIMIT)
    assert ended == []
    time.sleep(LIMIT)
    text, code = ended[:2]
    assert code == 2
    assert f"error: rank {stopped} of 2 processes gave no sign for 0 s: stopped" in text
    assert "RESDET_TIMEOUT" in text
    assert f"rank {stopped} is at\n" in text
    assert "test_watch.py" in text  # a line of the main thread's stack


def test_who_lives_or_has_left_is_not_missed(pair, ended):
    time.sleep(2.5 * LIMIT)
    pair[1].end()
    time.sleep(2.5 * LIMIT)
    assert ended == []
    assert pair[0].silent() == []


def test_silence_is_seen_within_three_signs(pair, ended):
    stop(pair[1])
    time.sleep(0.1)
    assert pair[0].silent() == [1]


def test_a_lost_store_ends_the_watch_alone(ended, monkeypatch):
    store = dist.HashStore()
    one = Watch(store, 0, 2, LIMIT)
    monkeypatch.setattr(one, "_store", Broken())
    time.sleep(2 * LIMIT)
    assert ended == []
    one.end()


def test_a_store_that_does_not_answer_is_the_first_process_stopped(ended, monkeypatch):
    one = Watch(dist.HashStore(), 1, 2, LIMIT)
    monkeypatch.setattr(one, "_store", Mute())
    time.sleep(2 * LIMIT)
    assert one.silent() == [0]
    text, code = ended[:2]
    assert "rank 0 of 2 processes gave no sign" in text
    assert "rank 1 is at\n" in text
    assert code == 2
    one.end()


class Mute:
    def __getattr__(self, name):
        time.sleep(4 * LIMIT)
        raise dist.DistNetworkError("at last")


class Broken:
    def __getattr__(self, name):
        raise dist.DistNetworkError("Broken pipe")


CLOSED = "[gloo/transport/tcp/pair.cc:561] Connection closed by peer [127.0.0.1]:45995."
LATE = "[gloo/transport/tcp/unbound_buffer.cc:78] Timed out waiting 4000ms for recv"


@pytest.fixture
def join(monkeypatch, pair):
    monkeypatch.setattr(distributed, "setup", lambda: None)
    monkeypatch.setattr(distributed, "_watch", pair[0])
    monkeypatch.setattr(distributed, "world_size", lambda: 2)
    monkeypatch.setenv("RESDET_TIMEOUT", "10")

    def fail(error):
        with distributed.joined():
            raise error

    return fail


@pytest.mark.parametrize(
    "error", [RuntimeError(CLOSED), dist.DistNetworkError("Connection reset by peer")]
)
def test_a_process_that_ended_is_one_line(join, error):
    with pytest.raises(ConnectionError, match=r"^rank 0 of 2 processes lost another.*--resume$"):
        join(error)


def test_a_process_that_is_late_is_told_with_all_stacks(join, capsys):
    with pytest.raises(ConnectionError, match=r"waited 15 s for the others in vain; above"):
        join(RuntimeError(LATE))
    told = capsys.readouterr().err
    assert "rank 0 is at\n" in told
    assert "rank 1 is at\n" in told


def test_a_process_that_stopped_while_it_was_waited_for_is_named(join, pair, ended):
    stop(pair[1])
    time.sleep(0.1)
    with pytest.raises(ConnectionError, match="rank 1 of 2 processes gave no sign"):
        join(RuntimeError(LATE))


@pytest.mark.parametrize("text", ["mat1 and mat2 shapes cannot be multiplied", "gloo: no device"])
def test_errors_of_our_own_pass_through(join, text):
    with pytest.raises(RuntimeError, match=text):
        join(RuntimeError(text))


def test_stacks_are_short():
    one = Watch(dist.HashStore(), 0, 1, LIMIT)

    told = one.stacks([f"  File {n}\n" for n in range(50)])
    one.end()
    assert told.count("  File ") == watch._LINES
    assert "  File 49\n" in told
