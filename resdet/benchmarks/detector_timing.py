"""How a process that times a detector measures what torch runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import DeviceType  # type: ignore[attr-defined]
from torch.profiler import ProfilerActivity, profile
from torch.utils.flop_counter import FlopCounterMode

from resdet.benchmarks.detector_task import Task, clocked
from resdet.benchmarks.measuring import peak_megabytes

WARM_UP = 3  # calls of a GPU that are not timed: it chooses kernels
TOP = 5  # costs of a profile


def images_of(task: Task) -> list[list[Tensor]]:
    """The images of each call."""
    return [[torch.from_numpy(picture) for picture in batch] for batch in task.pictures()]


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
    taken = {"seconds": _seconds_on_gpu(call, inputs)} if on_gpu else clocked(call, inputs)
    memory = torch.cuda.max_memory_allocated(task.device) / 1e6 if on_gpu else peak_megabytes()
    result: dict[str, Any] = {
        **taken,
        "operations": counter.get_total_flops(),
        "peak_megabytes": memory,
    }
    if task.profiled:
        result["profile"] = costliest(lambda: call(inputs[0]), on_gpu)
    return result


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
