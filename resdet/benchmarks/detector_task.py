"""What a process that times a detector is told, what it runs on, and how it measures.

Ours and every peer share it: `python -m MODULE TASK` prints what `timed` returns, TASK as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.autograd import DeviceType  # type: ignore[attr-defined]
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from backbones.machine.precision import Precision
from resdet.benchmarks.measuring import peak_megabytes
from resdet.detector.speed import Speed

Work = Literal["infer", "train"]
WARM_UP = 3  # calls of a GPU that are not timed: it chooses kernels
TOP = 5  # costs of a profile


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

    def batches(self) -> list[list[Tensor]]:
        """The images of each call: of inference new ones, of training the same again."""
        if self.work == "train":
            return [pictures(self.side, self.batch)] * self.calls
        drawn = pictures(self.side, self.calls * self.batch)
        return [drawn[at : at + self.batch] for at in range(0, len(drawn), self.batch)]


def given_task(argv: Sequence[str]) -> Task:
    """The task that a process was started with."""
    (text,) = argv
    return Task(**json.loads(text))


def pictures(side: int, number: int) -> list[Tensor]:
    """Squares with noise, (3, side, side * 4 / 3) uint8; the first are the same of any number."""
    return [_picture(side, np.random.default_rng(seed)) for seed in range(number)]


def _picture(side: int, rng: np.random.Generator) -> Tensor:
    high, wide = -(-side // 16), -(-side * 4 // 48)
    coarse = rng.integers(0, 230, (3, high, wide), np.uint8)
    fine = np.kron(coarse, np.ones((1, 16, 16), np.uint8))
    noisy = fine + rng.integers(0, 26, fine.shape, np.uint8)
    return torch.from_numpy(noisy[:, :side, : side * 4 // 3].copy())


def objects(side: int) -> tuple[Tensor, Tensor]:
    """Five boxes and their labels for every picture."""
    start = torch.arange(5)[:, None] * side / 8.0
    boxes = torch.cat([start, start, start + side / 4, start + side / 3], dim=1)
    return boxes, torch.arange(5)


def timed(
    call: Callable[[Any], Any],
    inputs: Sequence[Any],
    task: Task,
    prepare: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """Seconds of a call on each input, the operations of one, and the most memory held.

    Inputs lie in the host's memory: what a device needs of them is brought there in the call.
    Operations are those of convolutions and matrix products, two for a multiply-add. `prepare`,
    such as compiling, comes after they are counted.
    """
    on_gpu = torch.device(task.device).type == "cuda"
    with FlopCounterMode(display=False) as counter:
        call(inputs[0])
    if prepare is not None:
        prepare()
    for _ in range(WARM_UP if on_gpu else int(prepare is not None)):
        call(inputs[0])
    if on_gpu:
        torch.cuda.reset_peak_memory_stats(task.device)
    seconds = (_seconds_on_gpu if on_gpu else _seconds)(call, inputs)
    memory = torch.cuda.max_memory_allocated(task.device) / 1e6 if on_gpu else peak_megabytes()
    result = {
        "seconds": seconds,
        "operations": counter.get_total_flops(),
        "peak_megabytes": memory,
    }
    if task.profiled:
        result["profile"] = costliest(lambda: call(inputs[0]), on_gpu)
    return result


def _seconds(call: Callable[[Any], Any], inputs: Sequence[Any]) -> list[float]:
    seconds = []
    for value in inputs:
        start = time.perf_counter()
        call(value)
        seconds.append(time.perf_counter() - start)
    return seconds


def _seconds_on_gpu(call: Callable[[Any], Any], inputs: Sequence[Any]) -> list[float]:
    """By the device's own clock, which is read once, at the end: no call waits for another."""
    ends = [torch.cuda.Event(enable_timing=True) for _ in range(len(inputs) + 1)]  # type: ignore[no-untyped-call]
    torch.cuda.synchronize()
    ends[0].record()
    for value, end in zip(inputs, ends[1:]):
        call(value)
        end.record()
    torch.cuda.synchronize()
    return [start.elapsed_time(end) / 1000 for start, end in pairwise(ends)]


def costliest(call: Callable[[], Any], on_gpu: bool) -> list[dict[str, Any]]:
    """The operators that take most of one call: their own time on the device, and its share."""
    activities = [ProfilerActivity.CPU, *([ProfilerActivity.CUDA] if on_gpu else [])]
    with profile(activities=activities) as profiler:
        call()
        if on_gpu:
            torch.cuda.synchronize()
    own = "self_device_time_total" if on_gpu else "self_cpu_time_total"
    costs = {
        event.key: getattr(event, own) / 1000
        for event in profiler.key_averages()
        # a GPU's kernels stand there once more, beside the operators that started them
        if event.device_type == DeviceType.CPU
    }
    whole = sum(costs.values())
    largest = sorted(costs, key=lambda name: -costs[name])[:TOP]
    return [
        {"name": name, "self_ms": round(costs[name], 3), "share": round(costs[name] / whole, 4)}
        for name in largest
    ]


def timed_steps(
    model: nn.Module,
    losses: Callable[[Any], dict[str, Tensor]],
    inputs: Sequence[Any],
    task: Task,
    prepare: Callable[[], None] | None = None,
) -> dict[str, Any]:
    """`timed` of training steps, losses to SGD; what is frozen stays so."""
    learning = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.SGD(learning, lr=1e-5, momentum=0.9)
    device = torch.device(task.device)
    scaler = torch.amp.GradScaler(device.type, enabled=task.precision == "fp16")

    def step(one: Any) -> None:
        optimizer.zero_grad(set_to_none=True)
        with task.speed.autocast(device):
            total = torch.stack([value.float() for value in losses(one).values()]).sum()
        torch.autograd.backward(scaler.scale(total))
        scaler.step(optimizer)
        scaler.update()

    return timed(step, inputs, task, prepare)


def columns(boxes: Tensor, labels: Tensor, scores: Tensor) -> dict[str, Any]:
    """The detections of one image, ready for JSON."""
    return {"boxes": boxes.tolist(), "labels": labels.tolist(), "scores": scores.tolist()}


def print_measured(measure: Callable[[Task], dict[str, Any]]) -> None:
    """What `python -m` of a module that measures does."""
    print(json.dumps(measure(given_task(sys.argv[1:]))))
