"""One run a folder."""

from __future__ import annotations

import contextlib
from contextlib import AbstractContextManager
from pathlib import Path

from backbones.files.lock import held
from backbones.machine import distributed


def alone(directory: Path) -> AbstractContextManager[None]:
    """While entered, no other run writes into `directory`; the main process sees to it.

    Raises: as `held`.
    """
    return held(directory) if distributed.is_main() else contextlib.nullcontext()
