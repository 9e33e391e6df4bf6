"""What is asked of a table or figure of the paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Scale = Literal["smoke", "small", "full"]
OUTPUT = Path("output/reproduction")


@dataclass(frozen=True)
class Request:
    """The words of `resdet reproduce`; [] and None where a word was not said."""

    target: str
    output: Path = OUTPUT
    data: Path | None = None
    scale: Scale = "full"
    seeds: int = 1
    only: Sequence[str] = field(default_factory=list)
    overrides: Sequence[str] = field(default_factory=list)
    publish: bool = False

    @property
    def smoke(self) -> bool:
        """Whether the path is tried alone, and numbers mean nothing."""
        return self.scale == "smoke"

    @property
    def folder(self) -> Path:
        """Where its files go: those of a lesser scale never lie beside those of the full one."""
        return self.output if self.scale == "full" else self.output / self.scale
