"""What a process that times a detector is told and shown; imports no torch.

Ours, every peer and every runtime share it: `python -m MODULE TASK` prints what was measured,
TASK as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from backbones.machine.precision import Precision
from resdet.detector.speed import Speed

Work = Literal["infer", "train"]
Picture = NDArray[np.uint8]  # (3, H, W)


class Kind(NamedTuple):
    """A detector: its structure in detectron2, its network, our config and changes to it."""

    structure: str
    network: str
    config: str
    changes: tuple[str, ...] = ()


# of a C4, as the papers have: 300 proposals, 64 of an image learnt from
_PAPER = ("MODEL.RPN.POST_NMS_TOPK_TEST", "300", "MODEL.ROI_HEADS.BATCH_SIZE_PER_IMAGE", "64")
KINDS = {
    "R-50-FPN": Kind("FPN", "resnet50", "coco_r50_fpn"),
    "R-50-C4": Kind("C4", "resnet50", "coco_r50_c4", _PAPER),
    "R-101-C4": Kind("C4", "resnet101", "coco_r50_c4", ("MODEL.RESNETS.DEPTH", "101", *_PAPER)),
    "VGG-16": Kind("", "vgg16", "coco_vgg16"),
}


@dataclass(frozen=True)
class Task:
    """`calls` passes or steps of `batch` images of a shorter side of `side` pixels."""

    work: Work
    kind: str
    weights: str
    side: int
    calls: int
    batch: int = 1
    device: str = "cpu"
    precision: Precision = "fp32"
    compiled: bool = False
    profiled: bool = False

    @property
    def speed(self) -> Speed:
        """How ours is to run."""
        return Speed(self.precision, self.compiled, self.batch)

    def text(self) -> str:
        """The task as JSON, for another process."""
        return json.dumps(asdict(self))

    def pictures(self) -> list[list[Picture]]:
        """Those of each call: of inference new ones, of training the same again."""
        if self.work == "train":
            return [pictures(self.side, self.batch)] * self.calls
        drawn = pictures(self.side, self.calls * self.batch)
        return [drawn[at : at + self.batch] for at in range(0, len(drawn), self.batch)]


def given_task(argv: Sequence[str]) -> Task:
    """The task that a process was started with."""
    (text,) = argv
    return Task(**json.loads(text))


def pictures(side: int, number: int) -> list[Picture]:
    """Squares with noise, (3, side, side * 4 / 3); the first are the same of any number."""
    return [_picture(side, np.random.default_rng(seed)) for seed in range(number)]


def _picture(side: int, rng: np.random.Generator) -> Picture:
    high, wide = -(-side // 16), -(-side * 4 // 48)
    coarse = rng.integers(0, 230, (3, high, wide), np.uint8)
    fine = np.kron(coarse, np.ones((1, 16, 16), np.uint8))
    noisy = fine + rng.integers(0, 26, fine.shape, np.uint8)
    return noisy[:, :side, : side * 4 // 3].copy()


def clocked(call: Callable[[Any], Any], inputs: Sequence[Any]) -> dict[str, list[float]]:
    """Seconds of a call on each input, and those that processors spent on it."""
    clocks = {"seconds": time.perf_counter, "processor_seconds": time.process_time}
    taken: dict[str, list[float]] = {name: [] for name in clocks}
    for value in inputs:
        before = {name: clock() for name, clock in clocks.items()}
        call(value)
        for name, clock in clocks.items():
            taken[name].append(clock() - before[name])
    return taken


def columns(boxes: Any, labels: Any, scores: Any) -> dict[str, Any]:
    """The detections of one image, tensors or arrays, ready for JSON."""
    return {"boxes": boxes.tolist(), "labels": labels.tolist(), "scores": scores.tolist()}


def print_measured(measure: Callable[[Task], dict[str, Any]]) -> None:
    """What `python -m` of a module that measures does."""
    print(json.dumps(measure(given_task(sys.argv[1:]))))
