"""What this process holds, as Linux counts it; imports nothing that would be counted."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal


def process_megabytes(field: Literal["VmRSS", "VmHWM"]) -> float | None:
    """MB held now (VmRSS) or at most so far (VmHWM); None where the system does not say.

    Not `getrusage`: a child's count there begins at what its parent held.
    """
    try:
        status = Path("/proc/self/status").read_text(encoding="utf-8")
    except OSError:
        return None
    match = re.search(rf"{field}:\s*(\d+) kB", status)
    return int(match[1]) * 1024 / 1e6 if match else None
