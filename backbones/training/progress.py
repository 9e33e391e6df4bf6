"""What a run has seen of its errors, and the rates that depend on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backbones.config import CfgNode
from backbones.training import schedule, solver

Errors = list[tuple[int, float]]


@dataclass
class Progress:
    """Errors by the number of iterations done.

    Unit: percent. `training` holds means over the iterations since the report before.
    """

    training: Errors = field(default_factory=list)
    evaluation: Errors = field(default_factory=list)

    def to_dict(self) -> dict[str, Any]:
        """Plain lists, as a training state holds them."""
        return {"training": list(self.training), "evaluation": list(self.evaluation)}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Progress:
        """Inverse of `to_dict`."""
        return cls(
            *([(int(i), float(e)) for i, e in values[k]] for k in ("training", "evaluation"))
        )


def build_rate_factor(cfg: CfgNode, progress: Progress) -> Callable[[int], float]:
    """Iteration to factor of the base rate, as SOLVER and the errors so far say."""
    plateau, below = cfg.SOLVER.PLATEAU, cfg.SOLVER.WARMUP_UNTIL_ERROR
    by_iteration = solver.build_rate_factor(cfg)

    def scheduled(iteration: int) -> float:
        if cfg.SOLVER.LR_SCHEDULER_NAME != "WarmupPlateauLR":
            return by_iteration(iteration)
        drops = schedule.plateau_drops(
            progress.evaluation, patience=plateau.PATIENCE, threshold=plateau.THRESHOLD
        )
        return solver.multistep(cfg, drops, iteration)

    def after_warmup(iteration: int) -> float:
        warm = iteration >= schedule.warmup_end(progress.training, below)
        return scheduled(iteration) * (1.0 if warm else cfg.SOLVER.WARMUP_FACTOR)

    return after_warmup if below > 0 else scheduled
