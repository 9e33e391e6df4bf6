"""What a run was made on and with; no name of the machine and no kernel."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch

CPUINFO = Path("/proc/cpuinfo")


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
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0))


def cpu_model() -> str:
    """The processor's model name, where Linux tells it; else its architecture."""
    try:
        text = CPUINFO.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    names = [x.partition(":")[2].strip() for x in text.splitlines() if x.startswith("model name")]
    return names[0] if names and names[0] else platform.machine()
