"""What SIGTERM and SIGHUP do to a tool."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

TOOL = """
import os, signal, time, weakref
from backbones.terminal.parser import run

signal.signal(signal.{name}, signal.SIG_DFL)  # nohup leaves SIGHUP ignored

def send():
    os.kill(os.getpid(), signal.{name})

class Thing:
    def __del__(self):
        send()

def main(argv):
    try:
        {meets}
        time.sleep(10)
    finally:
        {cleans}
        print("clean")

run(main)
"""


def ended(**parts: str) -> subprocess.CompletedProcess[str]:
    code = TOOL.format(**{"name": "SIGTERM", "cleans": "pass", **parts})
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
@pytest.mark.parametrize("meets", ["send()", "Thing()", "weakref.ref(Thing(), lambda ref: send())"])
def test_a_signal_ends_a_tool_wherever_it_comes(name: str, meets: str) -> None:
    done = ended(name=name, meets=meets)
    assert done.returncode == 128 + signal.Signals[name]
    assert (done.stdout, done.stderr) == ("clean\n", f"{name}: stopped\n")


def test_a_second_signal_leaves_the_cleaning_to_its_end() -> None:
    done = ended(meets="send()", cleans="send()")
    assert (done.returncode, done.stdout) == (143, "clean\n")


def test_what_else_a_destructor_raises_is_told_as_ever() -> None:
    done = ended(meets="Thing.__del__ = lambda thing: 1 / 0; Thing(); send()")
    assert done.returncode == 143
    assert "ZeroDivisionError" in done.stderr
