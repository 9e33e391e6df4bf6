"""What a device can do at most, measured: operations and bytes per second."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache, partial
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import conv2d

from backbones.machine.hardware import available_cores
from backbones.machine.precision import PRECISIONS, Precision, dtype

_SIDES = {"cpu": (256, 512, 1024, 2048), "cuda": (256, 1024, 4096, 8192)}
_COPIED = {"cpu": 128 * 2**20, "cuda": 2**30}  # bytes, beyond any cache
_RUNS = 6
_LONG = 0.05  # seconds of one product: a larger one tells no more


def measure_limits(device: str = "cpu", threads: int | None = None) -> dict[str, Any]:
    """{"matrix_rate": {"fp32": operations/s, "bf16": ..., "fp16": ...}, "bandwidth": bytes/s}.

    The rate is that of the largest square product, by matmul or by a 1x1 convolution, whichever is
    faster; a multiply-add is two operations, as torch.utils.flop_counter counts. fp32 is what
    convolutions make of it: TF32 on a GPU where cuDNN may. The bandwidth is that of a copy, bytes
    read and written. Each is the best of several runs: what the device could do, undisturbed.
    On a CPU `threads` are used, all cores by default. Measured once a process.
    """
    place = torch.device(device)
    return _measure(place, (threads or available_cores()) if place.type == "cpu" else 0)


@cache
def _measure(device: torch.device, threads: int) -> dict[str, Any]:
    with _threads(threads), _convolutions_precision(), torch.inference_mode():
        rates = {name: _matrix_rate(device, dtype(name)) for name in PRECISIONS}
        source = torch.ones(_COPIED[device.type], dtype=torch.uint8, device=device)
        target = torch.empty_like(source)
        seconds = _shortest(lambda: target.copy_(source), device)
    return {"matrix_rate": rates, "bandwidth": 2 * source.nbytes / seconds}


def _matrix_rate(device: torch.device, dtype: torch.dtype) -> float:
    best = 0.0
    for side in _SIDES[device.type]:
        left = torch.randn(side, side, device=device).to(dtype)
        right = torch.randn(side, side, device=device).to(dtype)
        image = torch.randn(side // 256, side, 16, 16, device=device).to(dtype)
        image = image.to(memory_format=torch.channels_last)
        taken = [
            _shortest(partial(torch.matmul, left, right), device),
            _shortest(partial(conv2d, image, right[..., None, None]), device),
        ]
        best = max(best, 2 * side**3 / min(taken))
        if max(taken) > _LONG:
            break
    return best


def shares_of_limit(
    rates: Mapping[str, float], precisions: Mapping[str, Precision], limits: Mapping[str, Any]
) -> dict[str, float]:
    """Of each way: its operations a second by the most that any way reached.

    A product of matrices of its precision, as `measure_limits` found it, is one of the ways.
    """
    best = max(rates.values())
    products = limits["matrix_rate"]
    return {way: rate / max(best, products[precisions[way]]) for way, rate in rates.items()}


def figures(
    speeds: Mapping[str, float],
    reference: str,
    operations: float,
    precisions: Mapping[str, Precision],
    limits: Mapping[str, Any],
) -> dict[str, Any]:
    """Of each way: images per second, their ratio to those of `reference`, share of the limit.

    `operations` are those of an image.
    """
    return {
        "images_per_second": dict(speeds),
        "ratio": {way: speed / speeds[reference] for way, speed in speeds.items()},
        "operations": operations,
        "share_of_limit": shares_of_limit(
            {way: operations * speed for way, speed in speeds.items()}, precisions, limits
        ),
    }


def _shortest(call: Callable[[], Tensor], device: torch.device) -> float:
    """Seconds of the fastest of some runs, after one that is not counted; few of a slow one."""
    best, spent = float("inf"), 0.0
    for run in range(_RUNS + 1):
        synchronize(device)
        start = time.perf_counter()
        call()
        synchronize(device)
        seconds = time.perf_counter() - start
        if run or seconds > _LONG:
            best = min(best, seconds)
        spent += seconds
        if spent > _RUNS * _LONG:
            break
    return best


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what it was given; a CPU has."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


@contextmanager
def _threads(number: int) -> Iterator[None]:
    before = torch.get_num_threads()
    if number:
        torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def _convolutions_precision() -> Iterator[None]:
    """Products of matrices round as convolutions do."""
    matmul = torch.backends.cuda.matmul
    before = matmul.allow_tf32
    matmul.allow_tf32 = torch.backends.cudnn.allow_tf32
    try:
        yield
    finally:
        matmul.allow_tf32 = before
