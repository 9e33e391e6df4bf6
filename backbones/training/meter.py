"""What a training measures between two reports, and where its time goes."""

from __future__ import annotations

import contextlib
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from backbones.machine import distributed
from backbones.machine.hardware import available_cores

WAITING_TOO_LONG = 0.2  # share of the time spent waiting for data
RAISE_WORKERS = "raise DATALOADER.NUM_WORKERS"


def cure_of_waiting(num_workers: int, *, can_hold: bool = False) -> str:
    """What makes batches come sooner: more workers, where a core is free for them.

    `can_hold`: the images can be held in memory by DATASETS.IN_MEMORY, and are not.
    """
    if num_workers < available_cores():
        return RAISE_WORKERS
    return f"every core decodes: {'set DATASETS.IN_MEMORY or ' * can_hold}store smaller images"


class Meter:
    """Means of measures since the last reading, and where the time since `restart` went."""

    def __init__(self) -> None:
        self._sums: dict[str, Tensor] = {}
        self._counts: dict[str, int] = defaultdict(int)
        self.restart()

    def restart(self) -> None:
        """Count time from now on."""
        self._started = time.perf_counter()
        self._waited = 0.0
        self._iterations = 0

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Time in here is spent waiting for data."""
        started = time.perf_counter()
        yield
        self._waited += time.perf_counter() - started

    def add(self, measured: Mapping[str, Tensor]) -> None:
        """Take up what one batch measured."""
        for name, measure in measured.items():
            value = measure.detach().float()
            self._sums[name] = self._sums[name] + value if name in self._sums else value.clone()
            self._counts[name] += 1

    def count(self) -> None:
        """One iteration more."""
        self._iterations += 1

    def read(self) -> dict[str, float]:
        """Means over the iterations since the last call and over all processes."""
        names = list(self._sums)
        means = torch.stack([self._sums[n] / self._counts[n] for n in names])
        means = distributed.mean_over_ranks(means)
        self._sums.clear()
        self._counts.clear()
        return dict(zip(names, means.tolist()))

    def speed(self) -> tuple[float, float]:
        """(seconds an iteration, share of them spent waiting for data)."""
        elapsed = time.perf_counter() - self._started
        return elapsed / max(self._iterations, 1), self._waited / elapsed
