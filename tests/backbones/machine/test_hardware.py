"""The processor's name, and what stands beside a result."""

import os
import platform

import pytest
import torch

from backbones.machine import hardware


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("processor\t: 0\nmodel\t\t: 85\nmodel name\t: Some CPU: fast\n" * 2, "Some CPU: fast"),
        ("processor\t: 0\nBogoMIPS\t: 50\n", platform.machine()),  # as on Arm
        (None, platform.machine()),
    ],
)
def test_cpu_model(tmp_path, monkeypatch, text, expected):
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr(hardware, "CPUINFO", file)
    if text is not None:
        file.write_text(text)
    assert hardware.cpu_model() == expected


def test_conditions_of_the_cpu():
    found = hardware.conditions(torch.device("cpu"))
    assert found["hardware"] == hardware.cpu_model()
    assert found["versions"]["torch"] == torch.__version__
    assert type(found["versions"]["torch"]) is str


def test_cores_are_those_this_process_may_use(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 3, 5})
    assert hardware.available_cores() == 3
