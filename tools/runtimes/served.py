"""A file that a driver has opened in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_DTYPES = (np.float32, np.int64, np.float32, np.int64)  # boxes, labels, scores, images


class Refused(Exception):
    """What a runtime says of a file or of a picture that it does not take."""


class Served:
    """Called with a picture it gives the columns of what is found.

    `seconds`, of the processor, are those of the last picture; `peak_megabytes` of the process.
    Raises: Refused, also where the process ends.
    """

    def __init__(self, command: Sequence[str], file: Path) -> None:
        self.seconds = self.peak_megabytes = 0.0
        self._folder = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            [*command, str(file)],
            env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        try:
            self._answer()
        except Refused:
            self.close()
            raise

    def __enter__(self) -> Served:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
        self._folder.cleanup()

    def __call__(self, image: NDArray[np.uint8]) -> list[NDArray[Any]]:
        """Shape: (H, W, 3), or of a batch (N, H, W, 3)."""
        file = Path(self._folder.name) / "image"
        image.tofile(file)
        assert self._process.stdin is not None
        try:
            print(
                json.dumps({"file": str(file), "shape": image.shape}),
                file=self._process.stdin,
                flush=True,
            )
        except BrokenPipeError:
            raise self._ended() from None
        answer = self._answer()
        self.seconds, self.peak_megabytes = answer["seconds"], answer["peak_megabytes"]
        columns = [np.array(c, kind) for c, kind in zip(answer["found"], _DTYPES)]
        return [columns[0].reshape(-1, 4), *columns[1:]]

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise self._ended()
        answer: dict[str, Any] = json.loads(line)
        if "refused" in answer:
            raise Refused(answer["refused"])
        return answer

    def _ended(self) -> Refused:
        return Refused(f"its process ended with {self._process.wait()}")
