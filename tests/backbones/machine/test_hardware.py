"""The processor and the memory, and what stands beside a result."""

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


@pytest.mark.parametrize(("granted", "cores"), [(None, 3), (0.5, 1), (1.0, 1), (2.9, 2), (64.0, 3)])
def test_cores_are_those_this_process_may_use(monkeypatch, granted, cores):
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 3, 5})
    monkeypatch.setattr(hardware, "cgroup_cores", lambda: granted)
    assert hardware.visible_cores() == 3
    assert hardware.available_cores() == cores


def test_cores_where_the_system_binds_no_process(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity")
    monkeypatch.setattr(os, "cpu_count", lambda: 7)
    assert hardware.visible_cores() == 7


def test_memory_is_what_the_control_group_grants(tmp_path, monkeypatch):
    monkeypatch.setattr(hardware, "cgroup_memory", lambda: (None, 0))
    total = hardware.available_memory()
    assert total > 1 << 20
    for limit, expected in ((1000, 1000), (total + 1, total)):
        monkeypatch.setattr(hardware, "cgroup_memory", lambda limit=limit: (limit, 5))
        assert hardware.available_memory() == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("MemTotal:  64 kB\nMemFree: 1 kB\nMemAvailable: 60 kB\nDirectMap4k:\n", (65536, 61440)),
        ("MemTotal:  64 kB\n", None),
        (None, None),
    ],
)
def test_memory_of_the_machine(tmp_path, monkeypatch, text, expected):
    monkeypatch.setattr(hardware, "MEMINFO", tmp_path / "meminfo")
    if text is not None:
        (tmp_path / "meminfo").write_text(text)
    assert hardware.machine_memory() == expected


@pytest.mark.parametrize(
    ("given", "expected"), [("3", 3), ("2,4", 2), ("", 7), ("0", 7), ("many", 7)]
)
def test_threads_are_those_of_openmp_or_all_cores(monkeypatch, given, expected) -> None:
    monkeypatch.setattr(hardware, "available_cores", lambda: 7)
    monkeypatch.setenv("OMP_NUM_THREADS", given)
    assert hardware.threads() == expected
