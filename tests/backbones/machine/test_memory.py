"""Memory that is freed stays with the process, where glibc gives it."""

import subprocess
import sys

import pytest

from backbones.benchmarks.peak_memory import process_megabytes
from backbones.machine import memory

HELD = """
from backbones.benchmarks.peak_memory import process_megabytes
from backbones.machine.memory import keep_memory
keep_memory()
before = process_megabytes("VmRSS")
block = b"1" * 2**26
del block
print(process_megabytes("VmRSS") - before)
"""


@pytest.mark.skipif(process_megabytes("VmRSS") is None, reason="the system tells of no memory")
def test_freed_memory_is_kept():
    done = subprocess.run([sys.executable, "-c", HELD], capture_output=True, text=True, check=True)
    assert float(done.stdout) > 60


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_elsewhere_nothing_is_asked(platform, monkeypatch):
    monkeypatch.setattr(memory.sys, "platform", platform)
    monkeypatch.setattr(memory.ctypes, "CDLL", None)
    memory.keep_memory()
