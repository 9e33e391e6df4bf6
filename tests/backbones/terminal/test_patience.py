import threading
from types import SimpleNamespace

import pytest

from backbones.terminal import patience as module
from backbones.terminal.patience import patience, say, waiting


def test_patience_is_a_setting(monkeypatch):
    monkeypatch.delenv("RESDET_TIMEOUT", raising=False)
    assert patience() == 600
    monkeypatch.setenv("RESDET_TIMEOUT", "1.5")
    assert patience() == 1.5


@pytest.mark.parametrize("text", ["soon", "0", "-3", "nan", "inf", "1e9"])
def test_another_patience_is_refused(monkeypatch, text):
    monkeypatch.setenv("RESDET_TIMEOUT", text)
    with pytest.raises(ValueError, match=f"RESDET_TIMEOUT must be a number .*, got '{text}'"):
        patience()


@pytest.fixture
def clock(monkeypatch):
    """Time that goes by only where it is waited for; `over` is set after so many waits."""
    clock = SimpleNamespace(now=0.0, pauses=[], most=3, over=threading.Event())

    class Event(threading.Event):
        def wait(self, timeout=None):
            if len(clock.pauses) == clock.most:
                clock.over.set()
                return super().wait()
            clock.pauses.append(timeout)
            clock.now += timeout
            return False

    monkeypatch.setattr(module, "threading", SimpleNamespace(Event=Event, Thread=threading.Thread))
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    return clock


def test_waiting_is_told_ever_more_rarely(capfd, clock):
    with waiting("reading a"):
        assert clock.over.wait(60)
    assert clock.pauses == [5, 5, 10]
    lines = capfd.readouterr().out.splitlines()
    assert lines == [f"reading a: {seconds} s so far" for seconds in (5, 10, 20)]


def test_nothing_is_told_of_a_short_wait(capfd):
    with waiting("reading a", first_word=600):
        pass
    assert capfd.readouterr().out == ""


def test_the_first_process_speaks_without_its_rank(capfd, monkeypatch):
    for rank, line in (("0", "reading a\n"), ("1", "rank 1: reading a\n")):
        monkeypatch.setenv("RANK", rank)
        say("reading a")
        assert capfd.readouterr().out == line
