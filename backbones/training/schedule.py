"""Learning rates as pure functions of the iteration, in units of the base rate."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal

Warmup = Literal["linear", "constant"]


def warmup(iteration: int, iterations: int, factor: float, method: Warmup = "linear") -> float:
    """From `factor` at iteration 0 to 1 at `iterations`.

    Source: detectron2's WarmupMultiStepLR, so that equal configs train equally.
    """
    if iteration >= iterations:
        return 1.0
    if method == "constant":
        return factor
    if method == "linear":
        progress = iteration / iterations
        return factor * (1 - progress) + progress
    raise ValueError(f"WARMUP_METHOD must be linear or constant, got {method!r}")


def warmup_multistep(
    iteration: int,
    *,
    steps: Sequence[int],
    gamma: float,
    warmup_iters: int,
    warmup_factor: float,
    method: Warmup = "linear",
) -> float:
    """Warm-up times gamma to the number of `steps` reached."""
    decay = gamma ** bisect_right(sorted(steps), iteration)
    return float(warmup(iteration, warmup_iters, warmup_factor, method) * decay)


def warmup_cosine(
    iteration: int,
    *,
    max_iter: int,
    end_factor: float,
    warmup_iters: int,
    warmup_factor: float,
    method: Warmup = "linear",
) -> float:
    """Warm-up times half a cosine from 1 to `end_factor`."""
    cosine = 0.5 * (1 + math.cos(math.pi * min(iteration / max_iter, 1.0)))
    decay = end_factor + (1 - end_factor) * cosine
    return warmup(iteration, warmup_iters, warmup_factor, method) * decay


def linear_scaling(base_rate: float, batch: int, reference_batch: int) -> float:
    """The rate for `batch` images when `base_rate` was chosen for `reference_batch`; 0: as it is.

    Source: Goyal et al. 2017, "Accurate, Large Minibatch SGD", section 2.1.
    """
    return base_rate * batch / reference_batch if reference_batch else base_rate
