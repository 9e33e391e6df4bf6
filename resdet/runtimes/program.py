"""A graph that a runtime has read: what it says of itself, and what it does once it is started."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

OUTPUTS = ("boxes", "labels", "scores")
_WITH_BATCH = 4  # axes


class Found(NamedTuple):
    """Of a batch, `images` says in which of it each was found.

    Shape: boxes (D, 4), labels (D,), scores (D,), images (D,). Unit: pixels of the image.
    """

    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    scores: NDArray[np.float32]
    images: NDArray[np.int64] | None = None

    def of(self, place: int) -> Found:
        """Those of one image of a batch."""
        mask = self.images == place
        return Found(self.boxes[mask], self.labels[mask], self.scores[mask])


Run = Callable[[NDArray[np.uint8]], Found]  # (H, W, 3) RGB, or of a batch (N, H, W, 3)


Share = Callable[[int], Callable[[], None] | None]


def alike(_: int) -> None:
    """The share of threads that have nothing to do first."""


@dataclass(frozen=True)
class Program:
    """`inputs` and `outputs` as a person is told of them; `metadata` is empty where there is none.

    `batch` is how many images it takes at once, any number with 0; None where it takes one without
    an axis of its own. `start` makes it ready to be run by so many threads at once, which share its
    own; it takes seconds and memory. `share` of that number is what each of the threads does first.
    """

    metadata: Mapping[str, str]
    inputs: Sequence[str]
    outputs: Sequence[str]
    batch: int | None
    start: Callable[[int], Run]
    share: Share = alike


def batch_of(shape: Sequence[Any]) -> int | None:
    """`Program.batch` by the shape of its input; an axis of any size is no int."""
    if len(shape) != _WITH_BATCH:
        return None
    return shape[0] if isinstance(shape[0], int) else 0


def output_names(batch: int | None) -> tuple[str, ...]:
    """What a program tells, in the order of `Found`."""
    return OUTPUTS if batch is None else (*OUTPUTS, "images")


def told(name: str, kind: str, axes: Sequence[Any]) -> str:
    """One input or output: "image: uint8 (height, width, 3)"."""
    return f"{name}: {kind} ({', '.join('any' if a is None else str(a) for a in axes)})"
