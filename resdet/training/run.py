"""One training run of a detector: what changes while it trains, and what is kept of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from backbones.machine import distributed
from backbones.training import solver
from backbones.training.ranks import RankState, gather_ranks, restore_rank
from backbones.training.runlog import RunLog, has_evaluation
from backbones.training.series import Series
from backbones.training.stopping import Stopping
from resdet.checkpoints import checkpoint
from resdet.checkpoints.checkpoint import BEST, FINAL, DetectorCheckpoint
from resdet.detector.inference import Detector
from resdet.structures.records import Dataset, Detections
from resdet.training.evaluation import evaluate, flatten, primary
from resdet.training.pictures import pictures

CHECKPOINTS = Series("model")


@dataclass
class Run:
    """A detector, what trains it, and the best score so far."""

    detector: Detector
    directory: Path
    tests: Sequence[Dataset]
    optimizer: torch.optim.Optimizer
    scaler: torch.amp.GradScaler
    seed: int
    started: float
    stop: Stopping
    seconds_before: float = 0.0
    best: float | None = None
    rate_scale: float = 1.0
    log: RunLog | None = None  # for pictures of what is found
    scores: dict[str, dict[str, Any]] = field(default_factory=dict)

    def seconds(self) -> float:
        """Time spent on this run, with that of the parts it resumes."""
        return self.seconds_before + time.monotonic() - self.started

    def resume(self, saved: DetectorCheckpoint) -> str:
        """Take up all that a checkpoint holds besides the weights; returns a remark, or ""."""
        training = saved.training
        solver.load_optimizer(self.optimizer, training["optimizer"])
        self.scaler.load_state_dict(training["scaler"])
        self.seconds_before = training["seconds"]
        self.rate_scale *= training.get("rate_scale", 1.0)
        best = self.directory / BEST
        remark = ""
        if best.is_file():
            try:
                self.best = checkpoint.load(best).training["score"]
            except (ValueError, KeyError) as error:
                remark = f"the best so far is not known: {error}"
        ranks: list[RankState] = training.get("ranks", [])
        model = self.detector.model
        device = next(model.parameters()).device
        begun_anew = restore_rank(ranks, model, device, self.seed, saved.iteration)
        return "; ".join(text for text in (remark, begun_anew) if text)

    def save(self, done: int) -> None:
        """Write a checkpoint to resume from, point last_checkpoint at it, remove the oldest."""
        model, solver_keys = self.detector.model, self.detector.cfg.SOLVER
        ranks = gather_ranks(model, next(model.parameters()).device)
        if distributed.is_main():
            name = FINAL if done == solver_keys.MAX_ITER else CHECKPOINTS.name(done)
            training = {
                "optimizer": self.optimizer.state_dict(),
                "scaler": self.scaler.state_dict(),
                "seed": self.seed,
                "seconds": self.seconds(),
                "ranks": ranks,
                "rate_scale": self.rate_scale,
            }
            self._write(name, done, training)
            CHECKPOINTS.advance(self.directory, name, done, solver_keys.CHECKPOINT_KEEP)
        distributed.barrier()  # a process that ends would end all

    def evaluate(self, done: int) -> dict[str, float]:
        """Measure on every test set, keep the best weights, return the numbers to log."""

        def look(dataset: Dataset, found: Sequence[Detections]) -> None:
            count = self.detector.cfg.TEST.PICTURES if self.log else 0
            for name, picture in pictures(dataset, found, count):
                assert self.log is not None
                self.log.picture(done - 1, name, picture)

        self.scores = evaluate(self.detector, self.tests, self.directory, look)
        if not self.scores:
            return {}
        first = self.tests[0]
        value = primary(first, self.scores[first.name])
        if value is not None and (self.best is None or value > self.best):
            self.best = value
            self._write(BEST, done, {"seed": self.seed, "score": value})
        return flatten(self.scores)

    def owes_evaluation(self, done: int) -> bool:
        """Whether the run was stopped between a checkpoint and the evaluation due at it.

        The numbers that were not logged are the first process's to miss; all are told.
        """
        period = self.detector.cfg.TEST.EVAL_PERIOD
        if not self.tests or not period or done % period:
            return False
        logged = distributed.is_main() and has_evaluation(self.directory, done)
        return not distributed.gather(logged)[0]

    def _write(self, name: str, done: int, training: dict[str, Any]) -> None:
        detector = self.detector
        checkpoint.save(
            self.directory / name,
            DetectorCheckpoint(
                model=detector.engine.canonical_state(detector.model),
                cfg=detector.cfg,
                class_names=detector.class_names,
                engine=detector.engine.NAME,
                iteration=done,
                training=training,
            ),
        )


def read_to_resume(path: Path) -> DetectorCheckpoint:
    """Raises: FileNotFoundError; ValueError if it is broken, or holds weights only."""
    saved = checkpoint.load(path)
    if "optimizer" not in saved.training:
        raise ValueError(
            f"{path} must hold a run to go on with, got weights only; give --init-from {path} "
            "and another --output to start from them"
        )
    return saved
