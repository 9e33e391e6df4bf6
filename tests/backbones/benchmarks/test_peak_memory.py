"""Memory of a process as Linux counts it."""

import subprocess
import sys
from pathlib import Path

import pytest

from backbones.benchmarks.peak_memory import process_megabytes

HOLDS = """
from backbones.benchmarks.peak_memory import process_megabytes
before = process_megabytes("VmRSS")
held = b"1" * 64_000_000
print(process_megabytes("VmRSS") - before)
del held
print(process_megabytes("VmRSS") - before)
print(process_megabytes("VmHWM") - before)
"""


def test_a_peak_stays_when_what_was_held_is_gone():
    told = subprocess.run([sys.executable, "-c", HOLDS], capture_output=True, text=True, check=True)
    assert [float(x) for x in told.stdout.split()] == pytest.approx([64, 0, 64], abs=3)


def test_kilobytes_are_of_1024_and_silence_is_none(monkeypatch):
    monkeypatch.setattr(Path, "read_text", lambda *a, **k: "VmHWM:\t    3000 kB\nVmRSS:  2 kB\n")
    assert process_megabytes("VmHWM") == 3.072
    monkeypatch.setattr(Path, "read_text", lambda *a, **k: "Name: x\n")
    assert process_megabytes("VmRSS") is None

    def absent(*_, **__):
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", absent)
    assert process_megabytes("VmRSS") is None
