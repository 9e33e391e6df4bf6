"""The checkpoints of a run: the newest few are kept, and one that is damaged is passed over."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from backbones.checkpoint import last, mark_last
from backbones.training import distributed

Read = TypeVar("Read")


@dataclass(frozen=True)
class Series:
    """Files <stem>_<the last iteration, from 0>.pth, as detectron2 counts."""

    stem: str

    def name(self, done: int) -> str:
        """Of the checkpoint after `done` iterations."""
        return f"{self.stem}_{done - 1:07d}.pth"

    def advance(self, directory: Path, name: str, done: int, keep: int) -> None:
        """Point last_checkpoint at `name`, which is whole; then remove all but the `keep` newest.

        What stands for a later iteration than `done` is left: the run has yet to come there.
        """
        mark_last(directory, name)
        found = self._found(directory)
        older = [path for number, path in found if number < done and path.name != name]
        for path in older[: len(older) - (keep - 1)] if keep else []:
            path.unlink(missing_ok=True)

    def read_newest(self, directory: Path, read: Callable[[Path], Read]) -> Read | None:
        """`read` of what last_checkpoint names or, where it is damaged, of the one before.

        None if there is no last_checkpoint. Raises: what `read` raises of the newest, if no
        other is whole.
        """
        newest = last(directory)
        if newest is None:
            return None
        try:
            return read(newest)
        except (ValueError, OSError) as error:
            fault = error
        found = self._found(directory)
        end = next((number for number, path in found if path == newest), None)
        for path in (p for number, p in reversed(found) if end is None or number < end):
            try:
                whole = read(path)
            except (ValueError, OSError):
                continue
            if distributed.is_main():
                print(f"passed over: {fault}\ngoing on from the checkpoint before it, {path}")
            return whole
        raise fault

    def _found(self, directory: Path) -> list[tuple[int, Path]]:
        """(last iteration, file), the oldest first."""
        numbered = re.compile(rf"{re.escape(self.stem)}_(\d{{7,}})\.pth")
        matches = ((numbered.fullmatch(path.name), path) for path in directory.iterdir())
        return sorted((int(match[1]), path) for match, path in matches if match)
