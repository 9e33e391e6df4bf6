"""The checkpoints of a run: the newest few are kept, and one that is damaged is passed over."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from backbones.files.atomic import sweep
from backbones.machine import distributed
from backbones.weights.checkpoint import last, mark_last, to_resume


class Checkpoint(Protocol):
    """Whatever a run goes on from."""

    @property
    def iteration(self) -> int:
        """How many are done."""


Read = TypeVar("Read", bound=Checkpoint)


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

    def take_up(
        self, directory: Path, read: Callable[[Path], Read], *, resume: bool
    ) -> Read | None:
        """What a run in `directory` goes on from; None if it starts anew, as is said if `resume`.

        What a killed run left half written there is removed.
        Raises: as `to_resume` and `read_newest`; ValueError if processes read different ones.
        """
        goes_on = to_resume(directory, resume) is not None
        if distributed.is_main():
            sweep(directory)
            if resume and not goes_on:
                print(f"{directory} holds no run yet: starting one")
        found = self.read_newest(directory, read) if goes_on else None
        done = [int(str(n)) for n in distributed.gather(found.iteration if found else 0)]
        if min(done) < max(done):
            raise ValueError(
                f"the checkpoint in {directory} must be the same for every process, got those of "
                f"iterations {', '.join(map(str, done))} by rank; let all machines see one folder"
                if distributed.is_main()
                else ""
            )
        return found

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
