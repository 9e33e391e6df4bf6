"""What torchrun is told when one of its processes ends with a fault."""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path

ERROR_FILE = "TORCHELASTIC_ERROR_FILE"  # set by torchrun, which puts the file's text in its summary


def report_fault(text: str) -> None:
    """Leave `text` for torchrun's summary, which else points at a web page; elsewhere nothing."""
    if ERROR_FILE not in os.environ:
        return
    extra = {"py_callstack": text, "timestamp": str(int(time.time()))}
    content = {"message": {"message": text, "extraInfo": extra}}
    with contextlib.suppress(OSError):
        Path(os.environ[ERROR_FILE]).write_text(json.dumps(content))
