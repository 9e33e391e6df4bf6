"""A signal ends a run where it may: at once, or after what is deferred."""

import os
import signal
import threading

import pytest

from backbones.terminal.exits import Stopped
from backbones.training.stopping import Stopping
from backbones.weights.checkpoint import mark_last


def send(number=signal.SIGTERM):
    os.kill(os.getpid(), number)


def test_a_signal_ends_at_once_with_the_way_on(tmp_path):
    before = signal.getsignal(signal.SIGTERM)
    fault = "^SIGTERM: stopped; nothing was saved yet$"
    with pytest.raises(Stopped, match=fault) as stopped, Stopping(tmp_path):
        send()
    assert stopped.value.exit_code == 143
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_is_deferred_is_done_first(tmp_path, capfd):
    mark_last(tmp_path, "a.pth")
    done = []

    def run():
        with Stopping(tmp_path) as stopping:
            with stopping.deferred():
                send(signal.SIGINT)
                done.append(stopping.signal)
            done.append("never")

    with pytest.raises(
        Stopped, match=r"SIGINT: stopped; .*a\.pth is saved: --resume .*reproduce without"
    ):
        run()
    assert done == [signal.SIGINT]
    told = "SIGINT: this iteration, then a checkpoint; again: end at once\n"
    assert capfd.readouterr().err == told


def test_within_what_is_deferred_a_part_may_be_ended(tmp_path):
    done = []

    def run():
        with Stopping(tmp_path) as stopping, stopping.deferred():
            with stopping.deferred(False):
                done.append("open")
            stopping.when = " after 3 of 9 iterations"
            send()
            with stopping.deferred(False):
                done.append("never")

    with pytest.raises(Stopped, match="SIGTERM: stopped after 3 of 9 iterations; nothing was"):
        run()
    assert done == ["open"]


def test_without_a_signal_nothing_happens_nor_in_another_thread(tmp_path):
    before = signal.getsignal(signal.SIGINT)

    def enter():
        with Stopping(tmp_path) as stopping, stopping.deferred():
            found.append(signal.getsignal(signal.SIGINT))

    found = []
    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found == [before]
    with Stopping(tmp_path) as stopping, stopping.deferred():
        assert signal.getsignal(signal.SIGINT) is not before
    assert stopping.signal == 0
    assert signal.getsignal(signal.SIGINT) is before
