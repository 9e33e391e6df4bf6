"""Threads that wait sleep, unless the user wants them awake."""

import os
import subprocess
import sys

import pytest

from backbones.machine import threads

RUN = """
import os, sys
from backbones.terminal.parser import run
run(lambda argv: print(os.environ["OMP_WAIT_POLICY"], "torch" in sys.modules))
"""


@pytest.mark.parametrize(("given", "then"), [(None, "passive"), ("active", "active")])
def test_a_command_says_so_before_torch_is_there(given, then):
    kept = {name: value for name, value in os.environ.items() if name != threads.WAITING}
    asked = {threads.WAITING: given} if given else {}
    done = subprocess.run(
        [sys.executable, "-c", RUN], env=kept | asked, capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == [then, "False"]
