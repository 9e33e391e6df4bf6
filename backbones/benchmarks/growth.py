"""How cost grows with one quantity: each point in a process of its own, an exponent for each cost.

An exponent is the slope of the cost over the quantity, both as logarithms: 2 where twice the side
costs four times as much. A constant part lowers a slope and never raises it above the work's.
"""

from __future__ import annotations

import multiprocessing
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import forkserver
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from backbones.benchmarks.peak_memory import process_megabytes

Step = Callable[[], object]
TOLERANCE = 0.2  # of an exponent above the work's: caches and clocks reach so far
_FEWEST_RUNS, _MOST_RUNS, _ENOUGH_SECONDS = 2, 7, 1.0


@dataclass(frozen=True)
class Axis:
    """One quantity that varies: `build(**fixed, varies=value)` makes the step to measure.

    The work is the multiply-adds of the step, or, `counted`, the quantity itself. A step that
    knows no "device" in `fixed` runs on the CPU. `beside` names what grows beside the
    multiply-adds, to be told where a cost outgrows them.
    """

    build: Callable[..., Step]
    varies: str
    values: tuple[int, ...]
    fixed: Mapping[str, Any]
    counted: bool = False
    beside: str = ""


def grow(axis: Axis, values: Sequence[int] | None = None, device: str = "cpu") -> dict[str, Any]:
    """What the step costs at each value, and what grows faster than the work.

    Unit: seconds of one processor core, on a GPU of the clock; memory in MB, all that the step
    and what it needs took, None where the system does not say.
    """
    values = list(values or axis.values)
    if "device" not in axis.fixed:
        device = "cpu"
    measured = []
    for value in values:
        arguments = {**axis.fixed, axis.varies: value}
        if "device" in axis.fixed:
            arguments["device"] = device
        measured.append(apart(_measure, axis.build, arguments, device, not axis.counted))
    costs: dict[str, Sequence[Any]] = {
        "work": values if axis.counted else [m["multiply_adds"] for m in measured],
        "seconds": [m["seconds"] for m in measured],
        "megabytes": [m["megabytes"] for m in measured],
    }
    known = {name: cost for name, cost in costs.items() if None not in cost}
    overall = {name: slope(values, cost) for name, cost in known.items()}
    at_end = {name: slope(values[-2:], cost[-2:]) for name, cost in known.items()}
    faster = faster_than_work(overall, at_end)
    return {
        "values": values,
        "fixed": {name: value for name, value in axis.fixed.items() if name != "device"},
        "work_is": "the value" if axis.counted else "multiply-adds",
        **costs,
        "exponent": overall,
        "exponent_at_end": at_end,
        "faster_than_work": faster,
        "beside": axis.beside if faster else "",
    }


def slope(values: Sequence[float], cost: Sequence[float]) -> float:
    """The exponent e of cost ~ value ** e, by least squares of the logarithms."""
    logarithms = np.log(np.array([values, cost], np.float64))
    return round(float(np.polyfit(logarithms[0], logarithms[1], 1)[0]), 3)


def faster_than_work(*exponents: Mapping[str, float]) -> list[str]:
    """The costs of which an exponent is above that of the work by more than the tolerance."""
    return [
        name
        for name in exponents[0]
        if name != "work" and any(e[name] - e["work"] > TOLERANCE for e in exponents)
    ]


def preload(*modules: str) -> None:
    """Import these once for all processes to come, if none has come yet."""
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(modules))
    forkserver.ensure_running()


def apart(function: Callable[..., Any], *arguments: Any) -> Any:
    """`function(*arguments)` in a fresh process: its memory and threads are its own."""
    preload(__name__)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("forkserver")) as process:
        return process.submit(function, *arguments).result()


def _measure(
    build: Callable[..., Step], arguments: dict[str, Any], device: str, counts: bool
) -> dict[str, Any]:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    before = process_megabytes("VmRSS")
    step = build(**arguments)
    step()  # memory is allocated, kernels are chosen
    clock = _gpu_clock if device.startswith("cuda") else time.process_time
    runs: list[float] = []
    while len(runs) < _FEWEST_RUNS or (len(runs) < _MOST_RUNS and sum(runs) < _ENOUGH_SECONDS):
        start = clock()
        step()
        runs.append(clock() - start)
    return {
        "seconds": statistics.median(runs),
        "megabytes": _taken(device, before),
        "multiply_adds": _multiply_adds(step) if counts else None,
    }


def _taken(device: str, before: float | None) -> float | None:
    if device.startswith("cuda"):
        return torch.cuda.max_memory_allocated() / 1e6
    peak = process_megabytes("VmHWM")
    return None if peak is None or before is None else peak - before


def _gpu_clock() -> float:
    torch.cuda.synchronize()
    return time.perf_counter()


def _multiply_adds(step: Step) -> float:
    with FlopCounterMode(display=False) as counter:
        step()
    return counter.get_total_flops() / 2
