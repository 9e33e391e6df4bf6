"""What a run has seen of its errors, and the rates that depend on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor

from backbones.config import CfgNode
from backbones.machine import distributed
from backbones.training import schedule, solver

Errors = list[tuple[int, float]]
WINDOW = 20  # iterations over which a training error is averaged


@dataclass
class Progress:
    """Errors by the number of iterations done.

    `training` holds means over windows that end at the multiples of WINDOW, wherever a run was
    stopped and resumed; `sum` and `count` are of the window that is open.
    Unit: percent.
    """

    training: Errors = field(default_factory=list)
    evaluation: Errors = field(default_factory=list)
    sum: float = 0.0
    count: int = 0
    _open: Tensor | None = None  # of `sum`, what is still on the device

    def add(self, error: Tensor) -> None:
        """Take up the training error of one batch, without waiting for it."""
        self._open = error.detach() if self._open is None else self._open + error.detach()
        self.count += 1

    def end_iteration(self, done: int) -> None:
        """Close the window where it ends."""
        if done % WINDOW == 0 and self.count:
            mean = torch.tensor(self._total() / self.count)
            self.training.append((done, float(distributed.mean_over_ranks(mean))))
            self.sum, self.count = 0.0, 0

    def to_dict(self) -> dict[str, Any]:
        """Plain lists and numbers, as a training state holds them."""
        self._total()
        return {k: v for k, v in asdict(self).items() if not k.startswith("_")}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Progress:
        """Inverse of `to_dict`."""
        training, evaluation = (
            [(i, e) for i, e in values[name]] for name in ("training", "evaluation")
        )
        return cls(training, evaluation, values["sum"], values["count"])

    def _total(self) -> float:
        if self._open is not None:
            self.sum, self._open = self.sum + float(self._open), None
        return self.sum


def build_rate_factor(cfg: CfgNode, progress: Progress) -> Callable[[int], float]:
    """Iteration to factor of the base rate, as SOLVER and the errors so far say."""
    scheduled = solver.build_rate_factor(cfg)
    if cfg.SOLVER.LR_SCHEDULER_NAME == "WarmupPlateauLR":
        patience, threshold = cfg.SOLVER.PLATEAU.PATIENCE, cfg.SOLVER.PLATEAU.THRESHOLD
        scheduled = _at_plateaus(solver.build_multistep(cfg), progress, patience, threshold)
    below, cold = cfg.SOLVER.WARMUP_UNTIL_ERROR, cfg.SOLVER.WARMUP_FACTOR

    def after_warmup(iteration: int) -> float:
        warm = iteration >= schedule.warmup_end(progress.training, below)
        return scheduled(iteration) * (1.0 if warm else cold)

    return after_warmup if below > 0 else scheduled


def _at_plateaus(
    multistep: Callable[..., float], progress: Progress, patience: int, threshold: float
) -> Callable[[int], float]:
    def factor(iteration: int) -> float:
        drops = schedule.plateau_drops(progress.evaluation, patience=patience, threshold=threshold)
        return multistep(iteration, steps=drops)

    return factor
