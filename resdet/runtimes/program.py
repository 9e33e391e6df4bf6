"""A graph that a runtime has read: what it says of itself, and what it does once it is started."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

OUTPUTS = ("boxes", "labels", "scores")


class Found(NamedTuple):
    """Shape: boxes (D, 4), labels (D,), scores (D,). Unit: pixels of the image that was run."""

    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    scores: NDArray[np.float32]


Run = Callable[[NDArray[np.uint8]], Found]  # (H, W, 3) RGB


@dataclass(frozen=True)
class Program:
    """`inputs` and `outputs` as a person is told of them; `metadata` is empty where there is none.

    `start` makes it ready to run, which takes seconds and memory.
    """

    metadata: Mapping[str, str]
    inputs: Sequence[str]
    outputs: Sequence[str]
    start: Callable[[], Run]


def told(name: str, kind: str, axes: Sequence[Any]) -> str:
    """One input or output: "image: uint8 (height, width, 3)"."""
    return f"{name}: {kind} ({', '.join('any' if a is None else str(a) for a in axes)})"
