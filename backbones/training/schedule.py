"""Learning rates as pure functions of the iteration, in units of the base rate."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Literal

Warmup = Literal["linear", "constant"]


def warmup(
    schedule: Callable[[int], float],
    iteration: int,
    iterations: int,
    factor: float,
    method: Warmup = "linear",
) -> float:
    """`schedule`, entered in a line from factor * schedule(0) to its value at `iterations`.

    Source: detectron2's WarmupParamScheduler, so that equal configs train equally.
    """
    if method not in ("linear", "constant"):
        raise ValueError(f"WARMUP_METHOD must be linear or constant, got {method!r}")
    if iteration >= iterations:
        return schedule(iteration)
    start = factor * schedule(0)
    if method == "constant":
        return start
    return start + (schedule(iterations) - start) * iteration / iterations


def warmup_multistep(
    iteration: int,
    *,
    steps: Sequence[int],
    gamma: float,
    warmup_iters: int,
    warmup_factor: float,
    method: Warmup = "linear",
) -> float:
    """Gamma to the number of `steps` reached, after a warm-up."""

    def multistep(at: int) -> float:
        return float(gamma ** bisect_right(sorted(steps), at))

    return warmup(multistep, iteration, warmup_iters, warmup_factor, method)


def warmup_cosine(
    iteration: int,
    *,
    max_iter: int,
    end_factor: float,
    warmup_iters: int,
    warmup_factor: float,
    method: Warmup = "linear",
) -> float:
    """Half a cosine from 1 to `end_factor`, after a warm-up."""

    def cosine(at: int) -> float:
        fall = 0.5 * (1 + math.cos(math.pi * min(at / max_iter, 1.0)))
        return end_factor + (1 - end_factor) * fall

    return warmup(cosine, iteration, warmup_iters, warmup_factor, method)


def plateau_drops(
    errors: Sequence[tuple[int, float]], *, patience: int, threshold: float = 0.0
) -> tuple[int, ...]:
    """The iterations from which the rate is divided once more: each ends a plateau.

    A plateau is `patience` evaluations in a row that do not lower the least error so far by more
    than `threshold`; after a drop the counting starts anew.

    Shape: errors are (iterations done, error), in order.
    Source: He et al. 2016, Section 3.4, "divided by 10 when the error plateaus".
    """
    drops: list[int] = []
    least, waited = math.inf, 0
    for done, error in errors:
        waited = 0 if error < least - threshold else waited + 1
        least = min(least, error)
        if waited == patience:
            drops.append(done)
            waited = 0
    return tuple(drops)


def warmup_end(training_errors: Sequence[tuple[int, float]], below: float) -> float:
    """The iteration from which the full rate holds: the first with an error under `below`.

    Infinite before that. Shape: training_errors are (iterations done, error), in order.
    Source: He et al. 2016, Section 4.2: 110 layers start at 0.01 until the error is below 80%.
    """
    return next((done for done, error in training_errors if error < below), math.inf)


def linear_scaling(base_rate: float, batch: int, reference_batch: int) -> float:
    """The rate for `batch` images when `base_rate` was chosen for `reference_batch`; 0: as it is.

    Source: Goyal et al. 2017, "Accurate, Large Minibatch SGD", section 2.1.
    """
    return base_rate * batch / reference_batch if reference_batch else base_rate
