import time

import pytest

from backbones.terminal.patience import patience, waiting


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


def test_waiting_is_told_ever_more_rarely(capfd):
    with waiting("reading a", first_word=0.1):
        time.sleep(0.6)
    lines = capfd.readouterr().out.splitlines()
    assert lines == ["reading a: 0 s so far"] * len(lines)
    assert 2 <= len(lines) <= 3  # after 0.1, 0.2 and 0.4 s


def test_nothing_is_told_of_a_short_wait_and_ranks_by_name(capfd, monkeypatch):
    with waiting("reading a", first_word=0.3):
        pass
    assert capfd.readouterr().out == ""
    monkeypatch.setenv("RANK", "1")
    with waiting("reading a", first_word=0.1):
        time.sleep(0.15)
    assert capfd.readouterr().out.startswith("rank 1: reading a")
