"""Ways to count the corners of a box in a VOC file, and which one a folder has. Imports nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

VOC, AUTO = "1-inclusive", "auto"
# what is written less the continuous 0-based box: x1, y1, x2, y2
OFFSETS = {
    VOC: (1, 1, 0, 0),
    "0-continuous": (0, 0, 0, 0),
    "1-continuous": (1, 1, 1, 1),
    "0-inclusive": (0, 0, -1, -1),
}
CHOICES = (AUTO, *OFFSETS)


def is_inclusive(way: str) -> bool:
    """Whether both corners are of pixels inside the box, whose sides are one longer than apart."""
    return way.endswith("-inclusive")


@dataclass(frozen=True)
class Corners:
    """How the files of a folder count: `way`, or AUTO where they differ, each as its writer does.

    `why` tells it; `assumed` where nothing did. `files`: how they are judged, where they are
    overruled.
    """

    way: str
    why: str
    assumed: bool = False
    by_writer: Mapping[str, str] = field(default_factory=dict)
    files: Corners | None = None

    def __str__(self) -> str:
        return f"{'mixed' if self.way == AUTO else self.way}{self.why}"

    def of(self, writer: str) -> str:
        """The way of the files that a tool wrote."""
        return self.by_writer.get(writer, VOC) if self.way == AUTO else self.way

    def overruled(self, way: str, by: str) -> Corners:
        """`way` instead, with what the files say where that is another."""
        files = self.files or self
        differs = files.way != way and not files.assumed
        why = f", {by}; the files say {files}" if differs else f", {by}"
        return Corners(way, why, files=files)


SAID = "as said"
