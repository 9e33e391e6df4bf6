"""Bars: on a terminal and nowhere else, one display for all, gone when they have ended."""

import io
import os
import subprocess
import sys

import pytest
from rich.text import Text

from backbones.terminal import progress
from backbones.terminal.progress import Bar, clock, reporting, tracked
from backbones.training.runlog import RunLog


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def open_terminal(monkeypatch):
    """Makes terminals of stdout and stderr, which are pytest's until then; returns the latter."""

    def open_it():
        for name in ("RANK", "NO_COLOR"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("TERM", "xterm")
        monkeypatch.setenv("COLUMNS", "150")
        monkeypatch.setattr(sys, "stderr", Terminal())
        monkeypatch.setattr(sys, "stdout", Terminal())
        monkeypatch.setattr(progress, "_UPDATES", 0)
        return sys.stderr

    return open_it


def test_items_are_handed_on_and_counted(open_terminal):
    terminal = open_terminal()
    assert list(tracked("abc", "reading letters")) == ["a", "b", "c"]
    assert "reading letters" in terminal.getvalue()
    assert progress._shared is None
    assert terminal.getvalue().endswith("\r\x1b[2K\x1b[?25h\r")  # wiped, the cursor back


@pytest.mark.parametrize(("name", "value"), [("RANK", "1"), ("TERM", "dumb")])
def test_other_ranks_and_dumb_terminals_see_nothing(open_terminal, monkeypatch, name, value):
    terminal = open_terminal()
    monkeypatch.setenv(name, value)
    assert list(tracked(range(3), "reading")) == [0, 1, 2]
    assert terminal.getvalue() == ""


def test_a_log_sees_nothing_even_where_colours_are_forced():
    code = "from backbones.terminal.progress import tracked; list(tracked(range(3), 'reading'))"
    environment = {**os.environ, "FORCE_COLOR": "1"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, env=environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_bars_share_one_display(open_terminal):
    terminal = open_terminal()
    with Bar("training", 2, kept=True) as training:
        first = progress._shared
        with reporting("checking") as report:
            assert progress._shared is first
            report(2, 5)
            first.refresh()
        assert [task.description for task in first.tasks] == ["training"]
        training.say("loss 1.5", 75.0)
        training.advance()
        print("a line above")
        first.refresh()
    assert progress._shared is None
    text = terminal.getvalue()
    assert "2/5" in text
    assert "1:15 left" in text
    assert "loss 1.5" in text
    assert "a line above" in text  # by way of the display, which draws itself below
    assert text.rindex("training") > text.rindex("a line above")


def test_losses_fit_into_80_columns(open_terminal, monkeypatch):
    terminal = open_terminal()
    monkeypatch.setenv("COLUMNS", "80")
    losses = "loss 3.029  cls 1.947  box_reg 0.004  rpn_cls 0.680  rpn_loc 0.208"
    with Bar("own_r18", 1500, kept=True) as bar:
        bar.say(f"{losses}  lr 0.02  21.8 img/s  data 5%", 700.0)
        bar.at(1200, 1500)
        progress._shared.refresh()
    shown = [Text.from_ansi(line).plain for line in terminal.getvalue().split("\n")]
    assert any(losses in line for line in shown)
    assert any("1200/1500 11:40 left" in line for line in shown)
    assert max(map(len, shown)) <= 80


def test_a_bar_that_an_error_ends_is_gone(open_terminal):
    open_terminal()
    with pytest.raises(ValueError, match="damaged"), Bar("reading", 3):
        raise ValueError("damaged")
    assert progress._shared is None


def test_a_file_keeps_its_lines(open_terminal, monkeypatch):
    terminal = open_terminal()
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    with Bar("reading", 3):
        print("a result")
    assert out.getvalue() == "a result\n"
    assert "a result" not in terminal.getvalue()


def test_a_forked_worker_writes_on_its_own(open_terminal, monkeypatch):
    terminal = open_terminal()
    monkeypatch.setattr(sys, "__stdout__", sys.stdout)
    monkeypatch.setattr(sys, "__stderr__", sys.stderr)
    with Bar("reading", 3) as bar:
        display, lock, streams = progress._shared, progress._lock, (sys.stdout, sys.stderr)
        progress._forget()
        assert progress._shared is None
        assert sys.stderr is terminal
        progress._shared, progress._lock = display, lock
        sys.stdout, sys.stderr = streams
        bar.advance()


def test_a_run_has_a_bar_on_a_terminal(open_terminal, tmp_path):
    terminal = open_terminal()
    with RunLog(tmp_path, "shapes_r18", 600, 20) as log:
        log.status("waiting for the first batch")
        progress._shared.refresh()
        log.moved(40)
        log.progress(40, "loss 1.5  lr 0.01", 0.5)
        progress._shared.refresh()
        log.info("a word")
        log.status("evaluating")
        log.moved(41)  # back at work
        assert progress._shared.tasks[0].fields["text"] == "loss 1.5  lr 0.01"
        log.status("evaluating")
    text = terminal.getvalue()
    for shown in ("shapes_r18", "40/600", "4:40 left", "waiting for", "loss 1.5", "a word"):
        assert shown in text
    written = (tmp_path / "log.txt").read_text()
    assert "40/600  eta 4:40  loss 1.5  lr 0.01" in written
    assert "\x1b" not in written


def test_a_run_has_lines_in_a_pipe(open_terminal, tmp_path, monkeypatch):
    terminal = open_terminal()
    out = io.StringIO()
    monkeypatch.setattr(sys, "stdout", out)
    with RunLog(tmp_path, "shapes_r18", 600) as log:
        log.moved(40)
        log.progress(40, "loss 1.5", 0.5)
        log.progress(41, "loss 1.4", 0.5)  # too soon for another line
    assert out.getvalue() == "shapes_r18  40/600  eta 4:40  loss 1.5\n"
    assert terminal.getvalue() == ""


def test_times():
    assert [clock(x) for x in (0, 75.9, 3700)] == ["0:00", "1:15", "1:01:40"]
