"""Open a file by a runtime, then run a picture for each line that names one; JSON, line by line.

usage: python serve.py OPENED_BY FILE
Imports nothing of the project, whose requirements a runtime's environment lacks.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
import traceback
from pathlib import Path
from typing import Any

import adapters
import numpy as np


def main(opened_by: str, path: str) -> None:
    """What runtimes print goes to the standard error, so that the answers stay alone."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**told: Any) -> None:
        print(json.dumps(told), file=answers, flush=True)

    try:
        run = getattr(adapters, opened_by)(path)
    except Exception as error:  # runtimes raise anything
        answer(refused=reason(error))
        return
    answer(loaded=True)
    for line in sys.stdin:
        asked = json.loads(line)
        image = np.fromfile(asked["file"], np.uint8).reshape(asked["shape"])
        start = time.process_time()
        try:
            found = run(image)
        except Exception as error:
            answer(refused=reason(error))
            continue
        seconds = time.process_time() - start
        columns = [np.asarray(column).tolist() for column in found]
        answer(found=columns, seconds=seconds, peak_megabytes=peak_megabytes())


def reason(error: Exception) -> str:
    """What a runtime says, in a line, without the places in its sources."""
    lines = [line.strip() for line in str(getattr(error, "err", error)).splitlines()]
    told = [line for line in lines if line and not line.startswith(("Exception from", "Check '"))]
    where = traceback.extract_tb(error.__traceback__)[-1].name
    return re.sub(r"/\S*/", "", f"{type(error).__name__}: {(told or [f'in {where}'])[0]}")[:200]


def peak_megabytes() -> float:
    """The most memory that the process has had."""
    status = Path("/proc/self/status").read_text()
    (kilobytes,) = re.findall(r"VmHWM:\s+(\d+)", status)
    return int(kilobytes) * 1024 / 1e6


if __name__ == "__main__":
    main(*sys.argv[1:])
