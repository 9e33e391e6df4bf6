"""Processor and memory, as far as this process may use them; what a run was made on and with."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backbones.machine.cgroups import cgroup_cores, cgroup_memory, text_of

if TYPE_CHECKING:
    import torch

CPUINFO, MEMINFO = Path("/proc/cpuinfo"), Path("/proc/meminfo")


def conditions(device: torch.device) -> dict[str, Any]:
    """The processor that did the work and the versions it ran, as results hold them."""
    import torch  # seconds, which who asks for cores only need not wait
    import torchvision

    gpu = torch.cuda.get_device_name(device) if device.type == "cuda" else None
    return {
        "hardware": gpu or cpu_model(),
        "versions": {
            "python": platform.python_version(),
            "torch": str(torch.__version__),  # its own class, which a checkpoint must not hold
            "torchvision": torchvision.__version__,
        },
    }


def available_cores() -> int:
    """How many cores this process may use: of `visible_cores`, what its control group grants."""
    granted = cgroup_cores()
    count = visible_cores()
    return count if granted is None else max(1, min(count, int(granted)))


def threads() -> int:
    """How many threads compute: what OMP_NUM_THREADS says, as torch reads it, or all cores."""
    given = os.environ.get("OMP_NUM_THREADS", "").partition(",")[0]
    return int(given) if given.isdecimal() and int(given) else available_cores()


def visible_cores() -> int:
    """How many cores the system puts this process on."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def available_memory() -> int:
    """How many bytes this process may use: the machine's, or what its control group grants."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    granted, _ = cgroup_memory()
    return total if granted is None else min(total, granted)


def machine_memory() -> tuple[int, int] | None:
    """Bytes of the whole machine, and those of them that are free, where Linux tells them."""
    known = dict(line.split(":", 1) for line in text_of(MEMINFO).splitlines() if ":" in line)
    if "MemTotal" not in known or "MemAvailable" not in known:
        return None
    total, free = (1024 * int(known[name].split()[0]) for name in ("MemTotal", "MemAvailable"))
    return total, free


def cpu_model() -> str:
    """The processor's model name, where Linux tells it; else its architecture."""
    lines = text_of(CPUINFO).splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names and names[0] else platform.machine()
