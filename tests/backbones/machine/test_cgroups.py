"""What a control group grants."""

import pytest

from backbones.machine import cgroups


@pytest.mark.parametrize(
    ("files", "cores", "limit"),
    [
        ({}, None, (None, 0)),
        ({"cpu.max": "max 100000", "memory.max": "max", "memory.current": "5"}, None, (None, 0)),
        (
            {"cpu.max": "150000 100000", "memory.max": "1000", "memory.current": "400"},
            1.5,
            (1000, 400),
        ),
        (
            {
                "cpu/cpu.cfs_quota_us": "200000",
                "cpu/cpu.cfs_period_us": "100000",
                "memory/memory.limit_in_bytes": "2000",
                "memory/memory.usage_in_bytes": "1",
            },
            2.0,
            (2000, 1),
        ),
        ({"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, None, (None, 0)),
    ],
)
def test_limits_of_a_control_group(monkeypatch, tmp_path, files, cores, limit):
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text + "\n")
    monkeypatch.setattr(cgroups, "CGROUP", tmp_path)
    assert cgroups.cgroup_cores() == cores
    assert cgroups.cgroup_memory() == limit
