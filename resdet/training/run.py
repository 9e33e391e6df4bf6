"""One training run of a detector: what changes while it trains, and what is kept of it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch

from backbones.machine import distributed
from backbones.terminal.wording import count
from backbones.training import solver
from backbones.training.loop import Learner, LoopSettings, TrainingRun
from backbones.training.ranks import RankState, gather_ranks, restore_rank
from backbones.training.runlog import RunLog, has_evaluation
from backbones.training.series import Series
from backbones.training.state import taking_up
from backbones.weights.checkpoint import last
from backbones.weights.fields import check_fields
from resdet.checkpoints import checkpoint
from resdet.checkpoints.checkpoint import BEST, FINAL, RESUMED, DetectorCheckpoint
from resdet.detector.inference import TorchDetector
from resdet.engines.samples import Sample
from resdet.structures.records import Dataset, Detections
from resdet.training.best import Best
from resdet.training.evaluation import evaluate, flatten, primary, primary_name
from resdet.training.pictures import pictures

CHECKPOINTS = Series("model")


@dataclass
class DetectorRun(TrainingRun):
    """A detector, what trains it, and the best score so far.

    `begun` is the detector's file before its first iteration, of which all others are made;
    `num_pictures` are drawn at each evaluation; the `keep` newest checkpoints are kept, 0: all.
    """

    detector: TorchDetector
    begun: DetectorCheckpoint
    learner: Learner[list[Sample]]
    settings: LoopSettings
    tests: Sequence[Dataset]
    log: RunLog
    seed: int
    started: float
    num_pictures: int
    keep: int
    best: Best
    seconds_before: float = 0.0
    scores: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def directory(self) -> Path:
        """Where the run leaves its files."""
        return self.log.directory

    @property
    def device(self) -> torch.device:
        """Where the detector lies."""
        return next(self.detector.model.parameters()).device

    def seconds(self) -> float:
        """Time spent on this run, with that of the parts it resumes."""
        return self.seconds_before + time.monotonic() - self.started

    def resume(self, saved: DetectorCheckpoint) -> str:
        """Take up all that a checkpoint holds besides the weights; returns a remark, or ""."""
        with taking_up(last(self.directory)):
            return self._take_up(saved)

    def _take_up(self, saved: DetectorCheckpoint) -> str:
        training = saved.training
        solver.load_optimizer(self.learner.optimizer, training["optimizer"])
        self.learner.scaler.load_state_dict(training["scaler"])
        self.seconds_before = training["seconds"]
        self.best.waited = training.get("waited", 0)
        best = self.directory / BEST
        remark = ""
        if best.is_file():
            try:
                known = checkpoint.load(best)
                self.best.score, self.best.iteration = known.training["score"], known.iteration
            except (ValueError, KeyError) as error:
                remark = f"the best so far is not known: {error}"
        ranks: list[RankState] = training.get("ranks", [])
        model = self.detector.model
        begun_anew = restore_rank(ranks, model, self.device, self.seed, saved.iteration)
        return "; ".join(text for text in (remark, begun_anew) if text)

    def save(self, done: int, *, final: bool = False) -> None:
        """Write a checkpoint to resume from, point last_checkpoint at it, remove the oldest."""
        ranks = gather_ranks(self.detector.model, self.device)
        if distributed.is_main():
            final = final or done == self.settings.max_iterations
            name = FINAL if final else CHECKPOINTS.name(done)
            training = {
                "optimizer": self.learner.optimizer.state_dict(),
                "scaler": self.learner.scaler.state_dict(),
                "seed": self.seed,
                "seconds": self.seconds(),
                "waited": self.best.waited,
                "ranks": ranks,
                "rate_scale": self.settings.rate_scale,
            }
            self._write(name, done, training)
            CHECKPOINTS.advance(self.directory, name, done, self.keep)
        distributed.barrier()  # a process that ends would end all

    def evaluate(self, done: int) -> dict[str, float]:
        """Measure on every test set, keep the best weights, return the numbers to log."""

        def look(dataset: Dataset, found: Sequence[Detections]) -> None:
            for name, picture in pictures(dataset, found, self.num_pictures):
                self.log.picture(done - 1, name, picture)

        self.scores = evaluate(self.detector, self.tests, self.directory, look)
        if not self.scores:
            return {}
        first = self.tests[0]
        value = primary(first, self.scores[first.name])
        if value is not None:
            if self.best.take(value, done):
                self._write(BEST, done, {"seed": self.seed, "score": value})
            name, score = primary_name(first), 100 * value
            self.log.info(f"iteration {done}: {name} {score:.1f} on {first.name}, best {self.best}")
        return flatten(self.scores)

    def is_over(self) -> bool:
        """Whether SOLVER.PATIENCE evaluations were no better: the main process's word."""
        return bool(distributed.gather(self.best.is_over)[0])

    def told(self, done: int) -> list[str]:
        """What the end of a run says of its best weights and its last."""
        if self.best.score is None or not self.tests:
            return []
        name = self.tests[0].name
        what = primary_name(self.tests[0])
        lines = [
            f"best     {what} {self.best}: {self.directory / BEST}",
            f"last     {what} {self._last()} at {done}: {self.directory / FINAL}",
        ]
        if self.best.is_over:
            waited = count(self.best.waited, "evaluation")
            lines.append(f"ended early: none better in {waited} (SOLVER.PATIENCE)")
        if self.best.iteration != done:
            lines.append(
                f"the best is chosen on {name}, so its score there is a little too good; measure "
                "it on images that were used for nothing else"
            )
        return lines

    def _last(self) -> str:
        first = self.tests[0]
        value = primary(first, self.scores.get(first.name, {}))
        return "not measured" if value is None else f"{100 * value:.1f}"

    def owes_evaluation(self, done: int) -> bool:
        """Whether the run was stopped between a checkpoint and the evaluation due at it.

        The numbers that were not logged are the first process's to miss; all are told.
        """
        if not self.tests or not self.settings.evaluates(done):
            return False
        logged = distributed.is_main() and has_evaluation(self.directory, done)
        return not distributed.gather(logged)[0]

    def image_ids(self, iteration: int, batches: Sequence[Any]) -> list[int | str]:
        """Of every image in the batches."""
        return [sample["image_id"] for batch in batches for sample in batch]

    def _write(self, name: str, done: int, training: dict[str, Any]) -> None:
        weights = self.detector.engine.canonical_state(self.detector.model)
        now = replace(self.begun, model=weights, iteration=done, training=training)
        checkpoint.save(self.directory / name, now)


def read_to_resume(path: Path) -> DetectorCheckpoint:
    """Raises: FileNotFoundError; ValueError if it is broken, or holds weights only."""
    saved = checkpoint.load(path)
    if "optimizer" not in saved.training:
        raise ValueError(
            f"{path} must hold a run to go on with, got weights only; give --init-from {path} "
            "and another --output to start from them"
        )
    check_fields(saved.training, RESUMED, f"training of {path}")
    return saved
